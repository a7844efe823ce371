/** Writes the generated tables of PROTOCOL.md anew: `npm run protocol`. A test fails while they differ. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { withGeneratedParts } from './protocol/tables.ts'

const path = fileURLToPath(new URL('../PROTOCOL.md', import.meta.url))
writeFileSync(path, withGeneratedParts(readFileSync(path, 'utf8')))
