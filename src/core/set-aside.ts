/** Thrown by a step to set its record aside as a dead letter: a code of its own, and what is wrong as a sentence without the record's values. */
export class SetAside extends Error {
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.name = 'SetAside';
    this.code = code;
  }
}
