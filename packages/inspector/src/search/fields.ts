import { isCredentialName } from '@postern/core/internal'
import type { InboxView } from '@postern/core/inbox'
import type { Seal } from '@postern/core/engine'
import { ApiProblem } from '../replies.ts'
import { createLoopSlices } from '../turns.ts'
import { readable } from './payload.ts'
import type { FoundRow } from './rows.ts'
import { pathNames } from './tokens.ts'
import { valueText } from './walk.ts'

/** The path of the payload field to show in lists. Keys are `[provider, topic]` as JSON. */
type ShownFields = ReadonlyMap<string, readonly string[]>

const MOST = 20
const LONGEST_PATH = 200

/** Parses the `fields` parameter of a request: `[provider, topic, path][]` as JSON. */
export function wantedFields(text: string | null): ShownFields {
  if (text === null) return new Map()
  const wrong = new ApiProblem(
    400,
    'fields',
    `fields must be a JSON array of at most ${MOST} [provider, topic, path]`,
  )
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw wrong
  }
  if (!Array.isArray(given) || given.length > MOST) throw wrong
  return new Map(
    given.map((one: unknown) => {
      if (!Array.isArray(one) || one.length !== 3 || !one.every((part) => typeof part === 'string'))
        throw wrong
      const [provider, topic, path] = one as [string, string, string]
      return [JSON.stringify([provider, topic]), pathNames(path.slice(0, LONGEST_PATH))]
    }),
  )
}

// Time limit for a page, in milliseconds. `AT_ONCE` rows are read in parallel, because a remote inbox answers several
// queries together.
const BUDGET = 250
const AT_ONCE = 8

/**
 * Reads the field of each row whose topic has a path in `fields`. If large payloads use up the time, the remaining rows
 * have no field.
 */
export async function fieldsOfRows(
  view: InboxView | undefined,
  rows: readonly FoundRow[],
  fields: ShownFields,
  seal: Seal | undefined,
): Promise<ReadonlyMap<FoundRow, string>> {
  const found = new Map<FoundRow, string>()
  const wanted = fields.size === 0 ? [] : rows.flatMap((row) => wantedOf(row, fields))
  const until = performance.now() + BUDGET
  const turns = createLoopSlices()
  const work = async (): Promise<void> => {
    for (let next = wanted.shift(); next && performance.now() < until; next = wanted.shift()) {
      const { row, id, names } = next
      const text = isSecret(names) ? '(masked)' : await fieldOf(id, names)
      if (text !== undefined) found.set(row, text)
      await turns.rest()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return found

  async function fieldOf(id: string, names: readonly string[]): Promise<string | undefined> {
    const task = await turns.held(() => view?.get(id))
    return task && turns.held(() => fieldIn(readable(task, seal), names))
  }
}

/** True if a name in the path looks like the name of a credential. Lists mask such values. */
function isSecret(names: readonly string[]): boolean {
  return names.some(isCredentialName)
}

function wantedOf(
  row: FoundRow,
  fields: ShownFields,
): readonly { readonly row: FoundRow; readonly id: string; readonly names: readonly string[] }[] {
  const [task] = row.tasks
  if (!task) return []
  const { provider = task.receiver, event } = task
  const names = fields.get(JSON.stringify([provider, event.topic]))
  return names && names.length > 0 ? [{ row, id: task.id, names }] : []
}

// Maximum length of a field, in UTF-16 code units.
const LONGEST = 120

/** Returns the value at a path as text. In an array, the path continues in the first member. */
function fieldIn(payload: unknown, names: readonly string[]): string | undefined {
  let part = payload
  for (const name of [...names, undefined]) {
    while (Array.isArray(part)) part = part[0] as unknown
    if (name === undefined) break
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, name)) return undefined
    part = (part as Readonly<Record<string, unknown>>)[name]
  }
  const text = valueText(part)
  if (text === undefined || text.length <= LONGEST) return text
  // Half of a surrogate pair would be shown as an escape, so it is removed.
  return `${text.slice(0, LONGEST).replace(/[\uD800-\uDBFF]$/, '')}…`
}
