// Answers of the real renderer: `node expressions.mjs CONTEXT.json < cases.jsonl > answers.jsonl`.
// A case is {opts, src, limits}; an answer adds value or valueError and text or textError, and the class of an error.
import { readFileSync } from 'node:fs';
import { load } from './packages.mjs';

const { createTemplateRenderer } = load('nunjitsu');
const { ScmIntegrations } = load('@backstage/integration');
const { ConfigReader } = load('@backstage/config');
const backend = load.resolve('@backstage/plugin-scaffolder-backend').replace(/dist.*$/, 'dist');
const { createDefaultFilters } = load(`${backend}/lib/templating/filters/createDefaultFilters.cjs.js`);
const { collectTemplateCapabilities, convertFiltersToRecord } = load(`${backend}/util/templating.cjs.js`);

const integrations = ScmIntegrations.fromConfig(new ConfigReader({}));
const capabilities = collectTemplateCapabilities({ filters: convertFiltersToRecord(createDefaultFilters({ integrations })) });
const plain = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const contexts = { false: plain, true: { ...plain, cookiecutter: plain.values } };

function attempt(render) {
  try {
    return { result: render() };
  } catch (error) {
    return { error: error.message, class: error.code ?? (error.limit ? 'limit' : error.name) };
  }
}

for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const { opts, src, limits } = JSON.parse(line);
  const renderer = createTemplateRenderer({ ...capabilities, allowRegexExecution: true, ...opts });
  const context = contexts[Boolean(opts.cookiecutterCompat)];
  const value = attempt(() => renderer.renderValue(src, context, { limits }));
  const text = attempt(() => renderer.render(src, context, { limits }));
  const answer = { opts, src, limits };
  if (value.error === undefined) answer.value = value.result === undefined ? { undefined: true } : { v: value.result };
  else Object.assign(answer, { valueError: value.error, class: value.class });
  if (text.error === undefined) answer.text = text.result;
  else answer.textError = text.error;
  // Halves of characters are no text outside of JavaScript.
  console.log(JSON.stringify(answer, (_key, value) => (typeof value === 'string' ? value.toWellFormed() : value)));
}
