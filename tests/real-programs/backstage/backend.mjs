// What the real catalog backend says of one entity, without a database: its stages in its order.
import { deep, load } from './packages.mjs';

const model = load('@backstage/catalog-model');
const util = deep('@backstage/plugin-catalog-backend/dist/processing/util.cjs.js');
const { BuiltinKindsEntityProcessor } = deep('@backstage/plugin-catalog-backend/dist/processors/BuiltinKindsEntityProcessor.cjs.js');
const { ScaffolderEntitiesProcessor } = load('@backstage/plugin-catalog-backend-module-scaffolder-entity-model');
export const processors = [new BuiltinKindsEntityProcessor(), new ScaffolderEntitiesProcessor()];
export const policy = model.EntityPolicies.allOf([
  new model.SchemaValidEntityPolicy(),
  new model.DefaultNamespaceEntityPolicy(),
  new model.NoForeignRootFieldsEntityPolicy(),
  new model.FieldFormatEntityPolicy(),
]);

const refused = (stage, error) => ({ ok: false, stage, error: error.message });

export async function judge(input) {
  let entity = structuredClone(input);
  try {
    util.validateEntityEnvelope(entity);
  } catch (error) {
    return { verdict: refused('envelope', error) };
  }
  try {
    entity = await policy.enforce(entity);
  } catch (error) {
    return { verdict: refused('policy', error) };
  }
  const ref = model.stringifyEntityRef(entity);
  try {
    util.validateEntity(entity);
    let valid = false;
    for (const processor of processors) valid = (await processor.validateEntityKind(entity)) || valid;
    if (!valid) {
      throw new Error(
        `No processor recognized the entity ${ref} as valid, possibly caused by a foreign kind or apiVersion`,
      );
    }
  } catch (error) {
    return { verdict: refused('kind', error) };
  }
  return { verdict: { ok: true, ref }, entity };
}

export async function relations(entity) {
  const found = [];
  const emit = result => result.type === 'relation' && found.push(result.relation);
  try {
    for (const processor of processors) await processor.postProcessEntity(entity, undefined, emit);
  } catch (error) {
    return { ok: false, error: error.message };
  }
  const text = relation => [
    model.stringifyEntityRef(relation.source),
    relation.type,
    model.stringifyEntityRef(relation.target),
  ].join(' ');
  return { ok: true, relations: found.map(text) };
}
