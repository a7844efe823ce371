import { counted } from './instants.ts'
import type { PagedList } from './paged-list.ts'
import type { TreeNode } from './rows.ts'

/** The row at the end of a list that goes on; none when it does not. */
export function moreRows<T>(key: string, list: PagedList<T>): readonly TreeNode[] {
  switch (list.more) {
    case 'none':
      return []
    case 'page':
      return [
        {
          row: {
            key: `${key}/more`,
            label: 'Show More…',
            description: `${counted(list.items.length, 'row')} shown`,
            icon: { name: 'ellipsis' },
            command: 'more',
          },
          more: () => list.wantMore(),
        },
      ]
    case 'too many':
      return [
        {
          row: {
            key: `${key}/many`,
            label: 'There is more: search for it…',
            description: `${counted(list.items.length, 'row')} shown`,
            icon: { name: 'search' },
            command: 'search',
          },
        },
      ]
    default:
      return list.more satisfies never
  }
}
