// Finds the real packages: they are installed below `target`, not beside these scripts.
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.env.PLAT_BACKSTAGE ?? resolve(here, '../../../../target/backstage');

/** Loads a package of the real Backstage. */
export const load = createRequire(join(folder, 'package.json'));
