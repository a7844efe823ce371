/** The pictures that the documents keep. */
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'

/** Longest picture that the documents keep, in bytes. */
export const pictureMaxBytes = 150_000

/** Draws a picture with 128 colours, in place: half of its bytes go. Answers its length in bytes. */
export function shrinkPicture(file: string): number {
  execFileSync('pngquant', ['--force', '--strip', '--output', file, '128', file])
  return statSync(file).size
}
