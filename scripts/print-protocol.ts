/** Writes the generated tables of the documents anew: `npm run protocol`. A test fails while they differ. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generatedDocuments, withGeneratedParts } from './protocol/tables.ts'

for (const name of generatedDocuments) {
  const path = fileURLToPath(new URL(`../${name}`, import.meta.url))
  writeFileSync(path, withGeneratedParts(name, readFileSync(path, 'utf8')))
}
