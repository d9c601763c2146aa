import type { ListReply } from '../api/list.ts'
import { ApiProblem } from '../replies.ts'
import { fieldsOfRows, wantedFields } from '../search/fields.ts'
import { searchPayload } from '../search/payload.ts'
import { QUALIFIERS, searchOf, type SearchQuery } from '../search/query.ts'
import { deliveryRows, listRow, taskRows, type FoundRow } from '../search/rows.ts'
import { arrivalFits, sifted, taskFits } from '../search/sieve.ts'
import { searchWords } from '../search/words.ts'
import { createLoopSlices } from '../turns.ts'
import { withoutPayloads } from '../withheld.ts'
import type { Context } from './context.ts'
import type { Inbox, Page, TaskFilter, TaskInfo } from '@postern/core/inbox'

const MOST = 200

export async function answerList(context: Context): Promise<ListReply> {
  const { inbox, query, version, visitor, receivers, seal } = context
  const search = searchIn(context)
  const known = await version()
  if (search.kind === 'problem')
    return {
      rows: [],
      cursor: undefined,
      searchedTo: undefined,
      version: known,
      problem: search.problem,
      ...(search.meant !== undefined && { meant: search.meant }),
    }
  const cursor = query.get('cursor') ?? undefined
  const page = { limit: limitOf(query.get('limit')), ...(cursor !== undefined && { cursor }) }
  const { rows, ...found } = await searchPage(context, search, page)
  const fields = visitor.payloads ? wantedFields(query.get('fields')) : new Map<string, never>()
  const texts = await fieldsOfRows(inbox.view, rows, fields, seal)
  return {
    rows: rows.map((row) => {
      const field = texts.get(row)
      return {
        ...listRow(row, visitor.payloads, receivers),
        ...(field !== undefined && { field }),
      }
    }),
    ...found,
    // `tasks` is the filter for actions on the whole list. If no filter can express a condition of the search, `tasks`
    // is missing, and the page offers no such action.
    ...(isWhole(search) && { tasks: { ...search.filter } as ListReply['tasks'] & object }),
    version: known,
  }
}

/** Returns the search of a request, limited to the receiver that the page shows. */
export function searchIn({ query, now }: Context): SearchQuery {
  return narrowed(searchOf(query.get('q') ?? '', now()), query.get('receiver'))
}

function isWhole(search: SearchQuery): boolean {
  return (
    search.kind === 'tasks' &&
    search.sieve.length === 0 &&
    search.payload.length === 0 &&
    search.action === undefined
  )
}

/** Returns a page of rows. Throws an {@link ApiProblem} if the visitor may not do this search. */
export async function searchPage(
  { inbox, visitor, seal, budget }: Context,
  search: Exclude<SearchQuery, { readonly kind: 'problem' }>,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<Page<FoundRow>> {
  const { view, journal } = inbox
  // Visitors without `payloads` may not search for text or causes. Text is also found in the reasons of rejections,
  // which quote bodies. Causes are hashes of messages, which quote payloads.
  if (!visitor.payloads && search.filter.text !== undefined) withoutPayloads({ text: '' })
  if (!visitor.payloads && search.kind === 'tasks') {
    withoutPayloads(search.filter)
    for (const { name } of search.sieve) withoutPayloads({ [name === 'error' ? 'text' : name]: '' })
  }
  if (search.kind === 'deliveries') {
    if (!journal)
      throw new ApiProblem(409, 'no_journal', `${inbox.name} keeps no journal of deliveries`)
    const { text, outcome, code } = search.filter
    const isAboutAll = search.sieve.every(({ name }) => QUALIFIERS[name] === 'both')
    if (text !== undefined && outcome === undefined && code === undefined && isAboutAll && view)
      return searchWords(inbox, search.filter, search.sieve, page)
    const { rows, cursor, searchedTo } = await sifted(
      async (one) => journal.deliveries({ ...search.filter, ...one }),
      arrivalFits(search.sieve),
      page,
    )
    return { rows: await deliveryRows(view, rows), cursor, searchedTo }
  }
  if (!view) throw new ApiProblem(409, 'no_tasks', `${inbox.name} keeps no tasks`)
  const { filter, payload, action } = search
  if (payload.length > 0 && !visitor.payloads)
    throw new ApiProblem(403, 'not_allowed', 'you may not see or search payloads')
  if (action !== undefined) {
    if (payload.length > 0)
      throw new ApiProblem(
        400,
        'action',
        'action: and payload. cannot be combined; remove one of them',
      )
    const { rows, ...rest } = await searchAction(
      inbox,
      { action, filter },
      taskFits(search.sieve),
      page,
    )
    return { rows: taskRows(rows), ...rest }
  }
  if (payload.length === 0) {
    const { rows, cursor, searchedTo } = await sifted(
      async (one) => view.list({ ...filter, ...one }),
      taskFits(search.sieve),
      page,
    )
    return { rows: taskRows(rows), cursor, searchedTo }
  }
  budget.demand()
  const turns = createLoopSlices()
  try {
    const wanted = { matches: payload, fits: taskFits(search.sieve) }
    const found = await searchPayload(view, filter, wanted, page, seal, turns)
    return { ...found, rows: taskRows(found.rows) }
  } finally {
    budget.charge(turns.spent())
  }
}

function narrowed(search: SearchQuery, receiver: string | null): SearchQuery {
  if (receiver === null || receiver === '' || search.kind === 'problem') return search
  const { filter } = search
  if (filter.receiver !== undefined && filter.receiver !== receiver)
    return {
      kind: 'problem',
      problem: `receiver: is ${filter.receiver}, but the page shows only ${receiver}`,
    }
  return { ...search, filter: { ...filter, receiver } } as SearchQuery
}

function limitOf(text: string | null): number {
  const limit = Number(text ?? 50)
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MOST))
    throw new ApiProblem(400, 'limit', `limit must be a whole number from 1 to ${MOST}`)
  return limit
}

// Time limit of one page, in milliseconds.
const BUDGET = 500

/** Returns the tasks of an action that still exist and match, in the order of the action. */
async function searchAction(
  { view, journal }: Inbox,
  { action: id, filter }: { readonly action: string; readonly filter: TaskFilter },
  fits: (task: TaskInfo) => boolean,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<Page<TaskInfo>> {
  const [action] = (await journal?.actions({ id }))?.rows ?? []
  const ids = (action?.tasks ?? []).filter((one) => filter.id === undefined || filter.id === one)
  const until = performance.now() + BUDGET
  const rows: TaskInfo[] = []
  let at = Number(cursor ?? 0)
  for (; at < ids.length && rows.length < limit && performance.now() < until; at++) {
    const found = await view!.list({ ...filter, id: ids[at]!, limit: 1 })
    rows.push(...found.rows.filter(fits))
  }
  const isOver = !(at < ids.length)
  return {
    rows,
    cursor: isOver ? undefined : String(at),
    searchedTo: isOver || rows.length === limit ? undefined : rows.at(-1)?.receivedAt,
  }
}
