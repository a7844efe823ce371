import { manyRoots, newerStore, noProgram, noStore, untrusted } from './faces.ts'
import { hostile } from './hostile.ts'
import { live } from './live.ts'
import { load } from './load.ts'
import { records } from './records.ts'
import { review } from './review.ts'
import type { Scenario } from './scenario.ts'
import { viewsScenario } from './views.ts'

/** Every scenario by its name. */
export const scenarios: { readonly [name: string]: Scenario } = {
  views: viewsScenario('dark'),
  'views-light': viewsScenario('light'),
  records,
  review,
  live,
  hostile,
  load,
  'no-store': noStore,
  'no-program': noProgram,
  'newer-store': newerStore,
  untrusted,
  'many-roots': manyRoots,
}
