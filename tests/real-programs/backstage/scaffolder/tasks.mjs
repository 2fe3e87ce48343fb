// Runs of the real runner: `node tasks.mjs < cases.jsonl > answers.jsonl`.
// A case is {spec, values, secrets, dryRun}; an answer adds log, calls of actions, and output or error. Schemas of the actions
// are in `actions`, which the first line of answers is.
import { readFileSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from './packages.mjs';

process.env.LOG_LEVEL = 'info';
const backend = load.resolve('@backstage/plugin-scaffolder-backend').replace(/dist.*$/, 'dist');
const { NunjucksWorkflowRunner } = load(`${backend}/scaffolder/tasks/NunjucksWorkflowRunner.cjs.js`);
const { ScmIntegrations } = load('@backstage/integration');
const { ConfigReader } = load('@backstage/config');

export const actions = {
  'test:echo': {
    supportsDryRun: true,
    schema: {
      input: {
        type: 'object',
        properties: {
          message: { type: 'string' }, count: { type: 'number', minimum: 1 }, tags: { type: 'array', items: { type: 'string' } },
          kind: { enum: ['a', 'b'] }, nested: { type: 'object', required: ['x'], properties: { x: { anyOf: [{ type: 'string' }, { type: 'number' }] } } },
        },
        additionalProperties: true,
      },
    },
  },
  'test:strict': {
    supportsDryRun: true,
    schema: { input: { type: 'object', properties: { message: { type: 'string', minLength: 2 } }, required: ['message'], additionalProperties: false } },
  },
  'test:fail': { supportsDryRun: true },
  'test:publish': {
    supportsDryRun: false,
    schema: {
      output: {
        type: 'object',
        properties: {
          remoteUrl: { type: 'string' }, number: { type: 'number' }, done: { type: 'boolean' }, list: { type: 'array', items: { type: 'string' } },
          some: { examples: [{ a: 1 }] }, unknown: {}, integer: { type: 'integer' }, nested: { type: 'object', properties: { z: { type: 'string' } } },
        },
      },
    },
  },
  'test:bare': { supportsDryRun: false },
};

const silent = { info() {}, warn() {}, error() {}, debug() {}, child: () => silent };
const noMetrics = { createCounter: () => ({ add() {} }), createHistogram: () => ({ record() {} }) };
const plain = message => message.replace(/\u001b\[\d+m/g, '').replace(/^info: /, '');

async function run({ spec, values, secrets, dryRun }) {
  const calls = [];
  const log = [];
  const registry = {
    async get(id) {
      const action = id === 'extract' ? { supportsDryRun: true } : actions[id];
      if (!action) {
        throw new Error(`Template action with ID '${id}' is not registered. See https://backstage.io/docs/features/software-templates/builtin-actions/ on how to add a new action module.`);
      }
      return {
        id, ...action,
        async handler(ctx) {
          if (id === 'extract') return;
          calls.push({ step: ctx.step.id, action: id, input: ctx.input });
          if (id === 'test:fail') throw new Error(`failed with ${ctx.input.message}`);
          for (const [name, value] of Object.entries(ctx.input)) ctx.output(name, value);
        },
      };
    },
  };
  const runner = new NunjucksWorkflowRunner({
    actionRegistry: registry, integrations: ScmIntegrations.fromConfig(new ConfigReader({})), logger: silent, metrics: noMetrics,
    workingDirectory: mkdtempSync(join(tmpdir(), 'runner-')),
  });
  const steps = spec.steps.map((step, index) => ({ ...step, id: step.id ?? `step-${index + 1}`, name: step.name ?? step.action }));
  // As the real dry run does.
  if (dryRun) steps.push({ id: 'extract', name: 'extract', action: 'extract' });
  const task = {
    taskId: 't', done: false, isDryRun: dryRun, secrets, cancelSignal: new AbortController().signal,
    spec: { apiVersion: 'scaffolder.backstage.io/v1beta3', parameters: values, steps, output: spec.output ?? {}, user: { ref: 'user:default/ada' } },
    getWorkspaceName: async () => 'made-up', getInitiatorCredentials: async () => ({}),
    async emitLog(message, meta) {
      if (meta?.stepId === 'extract') return;
      // Stacks of errors are of this machine.
      const said = meta?.status === 'failed' ? message.split('\n')[0] : message;
      log.push({ step: meta?.stepId ?? null, status: meta?.status ?? null, message: plain(said) });
    },
  };
  try {
    const { output } = await runner.execute(task);
    return { log, calls, output };
  } catch (error) {
    return { log, calls, error: error.message };
  }
}

const lines = readFileSync(0, 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line));
console.log(JSON.stringify(actions));
for (const case_ of lines) console.log(JSON.stringify({ ...case_, ...(await run(case_)) }));
