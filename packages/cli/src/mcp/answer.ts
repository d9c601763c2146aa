import { inertAnswer, inertText } from '@postern/core/inert'
import { plainMember } from '../print/say.ts'
import type { Tool } from './tool.ts'

/** What an agent gets of a tool. */
interface ToolAnswer {
  readonly content: { readonly type: 'text'; readonly text: string }[]
  readonly isError?: true
}

/** Runs a tool. Its answer, or its error, is printable ASCII. */
export async function answerOf(tool: Tool, given: unknown): Promise<ToolAnswer> {
  try {
    const text = inertAnswer(await tool.run(given as never), member)
    return { content: [{ type: 'text', text }] }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { content: [{ type: 'text', text: inertText(message, { ascii: true }) }], isError: true }
  }
}

// Agents reckon badly with milliseconds since 1970.
const TIMES = new Set([
  'at',
  'receivedAt',
  'startedAt',
  'settledAt',
  'due',
  'first',
  'last',
  'oldest',
  'searchedTo',
])
// No time of an inbox is older; a number that is less is another thing of that name.
const EARLIEST = Date.UTC(2000, 0)

function member(name: string, value: unknown): unknown {
  return typeof value === 'number' && TIMES.has(name) && value > EARLIEST
    ? new Date(value).toISOString()
    : plainMember(name, value)
}
