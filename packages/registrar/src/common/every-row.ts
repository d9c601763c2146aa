import { RegistrarError } from '../errors.ts'
import type { SourcePage } from './paged-source.ts'
import { createCounting } from './paging.ts'
import { asText, type Fields } from './read.ts'

/**
 * All rows of a list in pages. Throws `unexpected` if a page brings nothing new or the pages do not end: by a part of the list,
 * an endpoint that is there would be made again.
 */
export async function everyRow(
  sender: string,
  page: (cursor: string | undefined) => Promise<SourcePage<Fields>>,
): Promise<readonly Fields[]> {
  const goesOn = createCounting()
  const found: Fields[] = []
  let cursor: string | undefined
  do {
    const { items, next } = await page(cursor)
    for (const item of items) found.push(item)
    if (next !== undefined && !goesOn(items.map((item) => asText(item['id'] ?? item['sid']))))
      throw new RegistrarError('unexpected', `${sender}: the list of endpoints does not end`)
    cursor = next
  } while (cursor !== undefined)
  return found
}
