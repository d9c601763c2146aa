import { answerOf, toolsOf } from '../../../../packages/cli/src/mcp/tools.ts'
import type { RuleCase } from '../rule.ts'
import { ALL_LIVE, notAscii } from './live.ts'
import type { World } from './world.ts'

/** Runs each tool of the agent server. Checks the results, and the errors for hostile input. */
export function toldCases({ name, opened, dead, hostile }: World): readonly RuleCase[] {
  const { view, journal } = opened.inbox
  const tools = toolsOf({ view: view!, journal, name }, { url: undefined })
  const delivery = hostile[0]!.arrival.id
  const given: Readonly<Record<string, object>> = {
    list_tasks: {},
    list_deliveries: { limit: 200 },
    get_task: { id: dead },
    get_delivery: { id: delivery },
    explain_rejection: { id: delivery },
    list_causes: {},
    get_health: {},
    get_provider: { provider: 'github' },
    wait_for_delivery: { outcome: 'rejected', since: 0, seconds: 1 },
    send_delivery: { provider: 'github' },
    replay_tasks: { id: dead, dryRun: true },
  }
  return tools.flatMap((tool): RuleCase[] => [
    {
      name: 'its answer is ASCII, and says that it came from outside',
      at: `tool ${tool.name}`,
      inbox: name,
      run: async () => answered(tool, given[tool.name]),
    },
    {
      name: 'its error for live input is ASCII',
      at: `tool ${tool.name}`,
      inbox: name,
      async run() {
        const live = {
          id: ALL_LIVE,
          delivery: ALL_LIVE,
          provider: ALL_LIVE,
          seconds: 1,
          state: 'x',
        }
        const { content } = await answerOf(tool, live)
        return notAscii(content[0]!.text)
      },
    },
  ])
}

async function answered(
  tool: Parameters<typeof answerOf>[0],
  given: object | undefined,
): Promise<string | undefined> {
  if (given === undefined) return 'this tool has no case: add it to given'
  const { content, isError } = await answerOf(tool, given)
  const { text } = content[0]!
  const live = notAscii(text)
  if (live !== undefined || isError) return live
  if (!text.startsWith('{\n  "notice": "Data from outside'))
    return 'it does not say whose data it is'
  if (tool.name !== 'get_task') return undefined
  const { record } = JSON.parse(text) as { record: { payload: { ref: string } } }
  return record.payload.ref === ALL_LIVE ? undefined : 'the payload is another'
}
