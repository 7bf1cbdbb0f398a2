import { expect, test } from 'vitest';
import { openapiOf } from './openapi.ts';
import { routes } from './routes/index.ts';

type Operation = {
  operationId: string;
  parameters?: { name: string; in: string; schema: object }[];
  responses: Record<string, { description: string; content?: Record<string, { schema?: object }> }>;
};
const document = openapiOf(routes, '1.2.3') as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
);

test('every route and alias is an operation with a name of its own', () => {
  const expected = routes.flatMap((route) => [route.path, ...(route.aliases ?? [])].map((path) => `${route.method.toLowerCase()} ${path}`));
  expect(operations.map(({ path, method }) => `${method} ${path}`).sort()).toEqual(expected.sort());
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
});

test('every parameter of a path is declared, and every query parameter of a schema', () => {
  for (const { path, parameters = [] } of operations) {
    const named = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
    expect(named, path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  }
  const search = operations.find(({ operationId }) => operationId === 'searchLogs');
  const names = search!.parameters!.map(({ name }) => name).sort();
  expect(names).toEqual(
    ['q', 'search', 'service', 'level', 'min_level', 'env', 'host', 'trace_id', 'from', 'to', 'last', 'limit', 'order', 'cursor'].sort(),
  );
});

test('every operation says what it answers when it goes wrong, as a problem', () => {
  const otlp = ['takeOtlpLogs', 'takeOtlpMetrics', 'takeOtlpTraces'];
  for (const { operationId, responses } of operations) {
    const isOtlp = otlp.includes(operationId!);
    expect(Object.keys(responses), operationId).toEqual(expect.arrayContaining(['400', '406', isOtlp ? '503' : '500']));
    for (const [status, { content, description }] of Object.entries(responses)) {
      expect(description, operationId).not.toBe('');
      if (Number(status) >= 400)
        expect(Object.keys(content ?? {}), `${operationId} ${status}`).toContain(
          isOtlp ? 'application/x-protobuf' : 'application/problem+json',
        );
    }
  }
});

test('every reference of the document leads somewhere', () => {
  const text = JSON.stringify(document);
  const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name!);
  expect(names).toContain('Problem');
  expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining([...new Set(names)]));
});
