import { readFileSync } from 'node:fs'
import type { Plugin } from 'esbuild'

/**
 * Lets the bundler see which parts of zod are used; imported by its one name it comes whole, with the messages of all its
 * languages.
 *
 * @param change - What else is to be changed in our own sources, whose paths are given too.
 */
export function partsOfZod(
  change: (contents: string, path: string) => string = (contents) => contents,
): Plugin {
  return {
    name: 'parts of zod',
    setup: (bundler) => {
      bundler.onLoad({ filter: /\/(?:sdk|daemon|plugins|bin)\/.*\.ts$/ }, ({ path }) => ({
        contents: change(readFileSync(path, 'utf8'), path).replace(
          /^import \{ z \} from 'zod'$/m,
          "import * as z from 'zod'",
        ),
        loader: 'ts',
      }))
    },
  }
}
