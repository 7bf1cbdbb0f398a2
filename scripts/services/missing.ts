/** A tool that this machine lacks: its message names the tool and how to get it. On a user's machine a skip by name, in CI a failure. */
export class Missing extends Error {}

/** The exit code that says so, see scripts/test.ts. */
export const missingExitCode = 77;
