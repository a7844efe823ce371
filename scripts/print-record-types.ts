/** Writes `docs/record-types.md` anew: `npm run record-types`. A test fails while it differs. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { orionRecordTypes } from '../plugins/orion/record-types.ts'
import { recordTypesDocument } from './record-types/document.ts'

const path = fileURLToPath(new URL('../docs/record-types.md', import.meta.url))
writeFileSync(path, recordTypesDocument(orionRecordTypes))
