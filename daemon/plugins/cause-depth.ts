/** How many events follow from one another: what tells a loop of plugins from work. */
import { OrionError } from '../../sdk/errors.ts'
import type { Token } from '../../sdk/model.ts'
import type { Limits } from '../limits.ts'
import type { StoreApi } from '../store/store-api.ts'

/**
 * Whether an event may cause one more.
 *
 * @throws OrionError `forbidden` when `causeDepthMax` events follow from one another already; `token_invalid`.
 */
export function assertMayFollow(
  { store, limits }: { readonly store: StoreApi; readonly limits: Limits },
  cause: string,
): void {
  const { causeDepthMax } = limits
  let token: Token | undefined = cause as Token
  for (let depth = 0; token !== undefined; depth++) {
    if (depth >= causeDepthMax) {
      throw new OrionError(
        'forbidden',
        `${causeDepthMax} events follow from one another already: this looks like a loop`,
        { needs: 'a cause that is nearer', remedy: 'do not react to what the plugin itself wrote' },
      )
    }
    const seq: number | 'epoch' = store.seqOf(token)
    if (seq === 'epoch' || seq <= store.log.floorSeq || seq > store.log.durableSeq) return
    token = store.log.readEvents(seq - 1, 1).find((event) => event.seq === seq)?.cause
  }
}
