import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { pins } from '../../scripts/services/pins.ts';

type ComposeService = {
  image: string;
  ports: string[];
  profiles?: string[];
  volumes?: string[];
  healthcheck?: { test: string[] };
  depends_on?: object;
};
type Compose = { services: Record<string, ComposeService>; volumes: Record<string, null> };

const file = 'docker-compose.localstack.yml';
const compose = parse(readFileSync(file, 'utf8'), { merge: true }) as Compose;
const services = Object.entries(compose.services);

test.each(services)('%s has a pinned image, a health check, and listens on this machine only', (_name, { image, ports, healthcheck }) => {
  expect(image).toMatch(/^[\w-]+\/[\w-]+:v?\d+(\.\d+)+$/);
  expect(healthcheck?.test.length).toBeGreaterThan(1);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
});

test('without a profile it is the services that services:up starts, of the same versions', () => {
  const plain = Object.fromEntries(services.flatMap(([name, { profiles, image }]) => (profiles ? [] : [[name, image.split(':')[1]]])));
  expect(plain).toEqual({ kafka: pins.kafka.version, opensearch: pins.opensearch.version, ministack: pins.aws.version });
});

test('volumes are declared, and files that are mounted are there', () => {
  const sources = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]!));
  const named = sources.filter((source) => !source.startsWith('.'));
  expect(named.sort()).toEqual(Object.keys(compose.volumes).sort());
  for (const source of sources.filter((one) => one.startsWith('.'))) expect(existsSync(source), source).toBe(true);
});

test('the dashboard and its rules ask for metrics that the platform has', () => {
  const code = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join('src', name), 'utf8'))
    .join('\n');
  const known = new Set([...code.matchAll(/'(logdrive_[a-z0-9_]+)'/g)].map(([, name]) => name));
  const dashboard = readFileSync('deploy/grafana/dashboards/logdrive.json', 'utf8');
  const asked = new Set([...dashboard.matchAll(/logdrive_[a-z0-9_]+/g)].map(([name]) => name.replace(/_bucket$/, '')));
  expect(asked.size).toBeGreaterThan(10);
  expect([...asked].filter((name) => !known.has(name))).toEqual([]);
});

const hasCompose = (() => {
  try {
    execFileSync('docker', ['compose', 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasCompose)('docker compose reads it, with every profile (skipped without the compose plugin)', () => {
  const profiles = ['ui', 'metrics', 'localstack'].flatMap((name) => ['--profile', name]);
  const read = JSON.parse(execFileSync('docker', ['compose', '-f', file, ...profiles, 'config', '--format', 'json'], { encoding: 'utf8' }));
  expect(Object.keys(read.services).sort()).toEqual(Object.keys(compose.services).sort());
});
