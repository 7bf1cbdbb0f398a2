/** A rule as the API lists it. */
export type Rule = {
  name: string;
  description?: string;
  condition: unknown[];
  for?: string;
  action?: string | string[];
  staging: boolean;
  version: number;
  state: string;
  updated_at: string;
  updated_by: string;
};

export type Version = {
  version: number;
  updated_at: string;
  updated_by: string;
  deleted: boolean;
  changes: { path: string; from: unknown; to: unknown }[];
};

export type Transition = { at: string; labels: Record<string, string>; from: string; to: string; value: number | null; reason: string };
export type Tried = { transitions: Transition[]; notifications: number; episodes: number; windows: number; truncated: boolean };
export type Backtest = Tried & {
  from: string;
  to: string;
  took_ms: number;
  against?: Tried & { version: number };
  difference?: { only_here: Transition[]; only_there: Transition[] };
};
