import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { alarmTable, runbookUrl } from '../../lib/runbooks.ts';
import { stages } from '../../lib/stages.ts';
import { resourcesOf } from './checks.ts';
import { synthesise } from './synthesised.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/runbooks.md'), 'utf8');
const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, name]) => name!);
const templates = [stages.dev, stages.prod].map(synthesise);
const alarms = templates.flatMap((each) => resourcesOf(each, 'AWS::CloudWatch::Alarm'));

test('every alarm of the table has its section, and every section its alarm', () => {
  expect(sections.sort()).toEqual(Object.keys(alarmTable).sort());
});

describe.each(Object.entries(alarmTable))('%s', (name, { says }) => {
  test('is raised by some stage, and its description says what it is and links to its section', () => {
    const own = alarms.filter(({ properties }) =>
      String(properties.AlarmDescription).includes(`${runbookUrl(name as keyof typeof alarmTable)}`),
    );
    expect(own.length).toBeGreaterThan(0);
    for (const { properties } of own) expect(String(properties.AlarmDescription)).toContain(says);
  });
  test('opens its section with the same words', () => {
    const section = page.split(`## ${name}\n`)[1]!.split('\n## ')[0]!;
    expect(section).toContain(`*${says}`);
    expect(section).toMatch(/^1\. /m);
  });
});

test('links within the page lead somewhere', () => {
  const targets = [...page.matchAll(/\]\(#([a-z0-9-]+)\)/g)].map(([, target]) => target!);
  expect(targets.length).toBeGreaterThan(5);
  expect(targets.filter((target) => !sections.includes(target))).toEqual([]);
});
