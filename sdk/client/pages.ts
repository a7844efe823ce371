/** What a page says of where the next one begins. */
interface Page {
  readonly next?: string | undefined
}

/** The items of all pages, one page after the other, each asked for when the one before is used up. */
export async function* itemsOfPages<P extends Page, Item>(
  first: string | undefined,
  read: (after: { readonly after?: string }) => Promise<P>,
  itemsOf: (page: P) => Iterable<Item>,
): AsyncGenerator<Item, void, undefined> {
  let after = first
  do {
    const page = await read(after === undefined ? {} : { after })
    yield* itemsOf(page)
    after = page.next
  } while (after !== undefined)
}
