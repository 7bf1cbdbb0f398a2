/**
 * What the lines of a record are known to be so far. `plain`: one line, no trace yet. `frames`: a Java or Node.js trace. `traceback`: a Python
 * one, before its last line; `raised`: after it. `source`, `thrown`: the source excerpt Node.js prints before an uncaught error. `panic`, `go`:
 * a Go panic before and within its goroutines.
 */
type Mode = 'plain' | 'frames' | 'traceback' | 'raised' | 'source' | 'thrown' | 'panic' | 'go';

type Group = { lines: string[]; chars: number; mode: Mode };

/** A joined record is cut beyond these, so that a stream that never ends its trace stays bounded. */
export const maxJoinedLines = 2_000;
export const maxJoinedChars = 512 * 1024;

const frame = /^\s+(?:at \S|\.\.\. \d+ (?:more|common frames omitted))/;
const errorName =
  /^(?:Exception in thread "[^"\n]{0,200}" |Uncaught )?(?:[\w$]{1,100}\.){0,30}[\w$]{0,100}(?:Exception|Error|Throwable|Failure|Fault)(?::|$| \[)/;
const dottedName = /^(?:[\w$]{1,100}\.){2,30}[\w$]{1,100}(?::|$)/;
const namesTrouble = /\b(?:error|err|fatal|critical|severe|warn|warning|exception|panic)\b/i;
const traceback = 'Traceback (most recent call last):';
const nodeSource = /^(?:file:\/\/)?[/A-Za-z][^\s()]{0,1000}\.[cm]?[jt]s:\d{1,7}$/;
const goroutine = /^goroutine \d{1,12} \[[^\]\n]{0,200}\]:$/;
const goCall = /^(?:created by )?[\w./*()\-·~%[\]{},]{1,1000}(?:\(.*\)|(?: in goroutine \d{1,12})?)$/;

/** Whether a line is the head of an exception as Java and Node.js print it: its (dotted) name and perhaps a message. */
export const isErrorHead = (line: string): boolean => errorName.test(line) || dottedName.test(line);

/** Whether a line is a stack frame of Java or Node.js, or the note that frames were left out. */
export const isFrame = (line: string): boolean => frame.test(line);

/**
 * Joins the lines of stack traces (Java, Python, Go, Node.js) with the log line they belong to, for text that has a record a line. Takes lines
 * without their line ends as they come, gives back records; joining those by `\n` gives the same text. A record is at most
 * {@link maxJoinedLines} lines.
 */
export class LineJoiner {
  /** The record before `open`, kept back while `open` may prove to be its trace. */
  private before: Group | undefined;
  private open: Group | undefined;
  /** Blank lines after `open`, which belong to it only if more of it follows. */
  private blanks = 0;

  /** Takes the next line; gives the records that are complete by now. */
  push(line: string): string[] {
    const open = this.open;
    if (open && line === '' && !continuesBlank(open)) {
      this.blanks++;
      return [];
    }
    if (!open) return this.begin(line);
    const mode = modeAfter(open, line, this.blanks > 0);
    const room = open.lines.length + this.blanks < maxJoinedLines && open.chars + line.length < maxJoinedChars;
    if (mode === undefined || !room) return this.begin(line);
    const joinsBefore = this.before !== undefined && open.mode === 'plain' && mode === 'frames' && isErrorHead(open.lines[0]!);
    append(open, line, this.blanks);
    this.blanks = 0;
    open.mode = mode;
    if (!this.before) return [];
    if (joinsBefore) {
      open.lines.unshift(...this.before.lines);
      open.chars += this.before.chars;
      this.before = undefined;
      return [];
    }
    return this.takeBefore();
  }

  /** Gives what was kept back: at the end of the text, or when no line has come for a while. */
  flush(): string[] {
    const records = this.takeBefore();
    if (this.open) records.push(this.open.lines.join('\n'));
    for (let i = 0; i < this.blanks; i++) records.push('');
    this.open = undefined;
    this.blanks = 0;
    return records;
  }

  private begin(line: string): string[] {
    const open = this.open;
    const keepsBack =
      open?.mode === 'plain' && open.lines.length === 1 && this.blanks === 0 && namesTrouble.test(open.lines[0]!) && isErrorHead(line);
    const records = keepsBack ? this.takeBefore() : this.flush();
    if (keepsBack) this.before = open;
    this.open = { lines: [line], chars: line.length, mode: firstMode(line) };
    return records;
  }

  private takeBefore(): string[] {
    const records = this.before ? [this.before.lines.join('\n')] : [];
    this.before = undefined;
    return records;
  }
}

/** Joins a whole text's lines; see {@link LineJoiner}. */
export function joinLines(lines: Iterable<string>): string[] {
  const joiner = new LineJoiner();
  const records: string[] = [];
  for (const line of lines) for (const record of joiner.push(line)) records.push(record);
  for (const record of joiner.flush()) records.push(record);
  return records;
}

function append(group: Group, line: string, blanks: number): void {
  for (let i = 0; i < blanks; i++) group.lines.push('');
  group.lines.push(line);
  group.chars += line.length + 1 + blanks;
}

const continuesBlank = (group: Group): boolean => group.mode === 'source' && group.lines.length < 3;

function firstMode(line: string): Mode {
  if (line === traceback) return 'traceback';
  if (line.startsWith('panic: ') || line.startsWith('fatal error: ')) return 'panic';
  if (line.startsWith('goroutine ') && goroutine.test(line)) return 'go';
  return nodeSource.test(line) ? 'source' : 'plain';
}

/** The group's mode once it has the line too, or `undefined` where the line begins another record. */
function modeAfter({ mode, lines }: Group, line: string, afterBlank: boolean): Mode | undefined {
  const indented = line.charCodeAt(0) === 0x20 || line.charCodeAt(0) === 0x09;
  switch (mode) {
    case 'plain':
      if (indented) return !afterBlank && isFrame(line) ? 'frames' : undefined;
      if (line === traceback && !afterBlank && namesTrouble.test(lines[0]!)) return 'traceback';
      return goroutine.test(line) && lines[0]!.includes('panic') ? 'go' : undefined;
    case 'frames':
      if (afterBlank) return line.startsWith('Node.js v') ? 'frames' : undefined;
      return indented || line === '}' || line.startsWith('Caused by: ') ? 'frames' : undefined;
    case 'traceback':
      if (afterBlank) return undefined;
      return indented ? 'traceback' : 'raised';
    case 'raised':
      if (!afterBlank) return undefined;
      if (line === traceback) return 'traceback';
      return line.endsWith('exception:') || line.endsWith('another exception occurred:') ? 'raised' : undefined;
    case 'source':
      if (lines.length > 3 || afterBlank) return undefined;
      return /^\s*\^+\s*$/.test(line) ? 'thrown' : 'source';
    case 'thrown':
      return isErrorHead(line) ? 'frames' : undefined;
    case 'panic':
      if (goroutine.test(line)) return 'go';
      return indented || line.startsWith('[signal ') ? 'panic' : undefined;
    case 'go':
      if (goroutine.test(line) || line.startsWith('exit status ')) return 'go';
      if (afterBlank) return undefined;
      return indented || line.startsWith('...') || goCall.test(line) ? 'go' : undefined;
  }
}
