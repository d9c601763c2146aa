import { createReceiver, type Receiver } from '@postern/core'
import { inspector } from '@postern/inspector/fetch'
import { github } from '@postern/providers/github'
import { listen, settled, signedInit } from '@postern/testing'
import { answerOf, toolsOf } from '../../../packages/cli/src/mcp/tools.ts'
import { INBOXES, type InboxName, type Inboxes, type OpenedInbox } from './inboxes.ts'
import { linkCases } from './effects/links.ts'
import type { RuleCase, RulePart } from './rule.ts'

export const effects: RulePart = {
  rule: '8',
  title: 'an effect needs a permission and a preview',
  async open(inboxes) {
    const worlds: World[] = []
    for (const name of INBOXES) worlds.push(await openWorld(name, inboxes))
    return {
      cases: [...worlds.flatMap(agentCases), ...worlds.flatMap(keyCases), ...linkCases()],
      close: async () => void (await Promise.all(worlds.map((world) => world.close()))),
    }
  },
}

interface World extends OpenedInbox {
  readonly name: InboxName
  readonly receiver: Receiver
  /** Payloads that the handler got after an operator had edited them. */
  readonly got: unknown[]
  /** Another server on this machine, which must not be called. */
  readonly other: { readonly url: string; readonly calls: () => number }
}

async function openWorld(name: InboxName, inboxes: Inboxes): Promise<World> {
  const opened = await inboxes.open(name)
  const provider = github({ secret: 'a secret of tests' })
  const got: unknown[] = []
  const receiver = createReceiver({
    provider,
    inbox: opened.inbox,
    name: `effects-${name}`,
    log: false,
  }) as Receiver
  receiver.on('push', { name: 'mail', retry: { attempts: 1 } }, ({ payload }) => {
    if ((payload as { readonly edited?: boolean }).edited !== true) throw new Error('no mail')
    got.push(payload)
  })
  for (const id of ['e1', 'e2', 'e3'])
    await receiver.receive(await signedInit(provider, 'push', { id }, { id }))
  await settled(receiver)
  let calls = 0
  const server = await listen((_request, response) => {
    calls++
    response.end()
  })
  return {
    ...opened,
    name,
    receiver,
    got,
    other: { url: server.url, calls: () => calls },
    async close() {
      await receiver.close({ timeout: '1s' })
      await opened.close()
      await server.close()
    },
  }
}

/** Cases of the agent server, with and without the flag that allows changes. */
function agentCases(world: World): readonly RuleCase[] {
  const { name, other, inbox } = world
  const open = { view: inbox.view!, journal: inbox.journal, name }
  const own = 'http://127.0.0.1:9/own'
  const looking = toolsOf(open, undefined)
  const acting = toolsOf(open, { url: own })
  const one = (at: string, what: string, run: RuleCase['run']): RuleCase => ({
    name: what,
    at: `tool ${at}`,
    sender: 'github',
    inbox: name,
    run,
  })
  const runs = async (): Promise<string> =>
    JSON.stringify(
      (await inbox.view!.list()).rows
        .map(({ id, attempts, state }) => `${id} ${attempts} ${state}`)
        .toSorted((a, b) => (a < b ? -1 : 1)),
    )
  const rejected = async (given: object): Promise<string | undefined> => {
    const before = await runs()
    const { isError } = await answerOf(tool(acting, 'replay_tasks'), { dryRun: true, ...given })
    if (isError !== true) return 'it was not rejected'
    return (await runs()) === before ? undefined : 'tasks have changed'
  }
  const preview = async (given: object): Promise<{ count: number; digest: string }> => {
    const { content } = await answerOf(tool(acting, 'replay_tasks'), { dryRun: true, ...given })
    return JSON.parse(content[0]!.text) as { count: number; digest: string }
  }
  const unnamed: readonly object[] = [
    {},
    { state: 'done' },
    { state: 'pending' },
    { topic: '**' },
    { text: 'e' },
    { receiver: `effects-${name}` },
  ]
  return [
    ...['send_delivery', 'replay_tasks', 'delete_tasks'].map((at) =>
      one(at, 'is not there without --allow-actions', async () =>
        looking.some((each) => each.name === at) ? 'it is there' : undefined,
      ),
    ),
    one('all', 'without --allow-actions none has an effect', async () =>
      looking.some(({ acts }) => acts) ? 'one acts' : undefined,
    ),
    ...[other.url, `${own}/x`, 'http://127.0.0.1:9/', 'http://own.example/'].map((to) =>
      one(
        'send_delivery',
        `sends nothing to ${to.replace(other.url, 'another server')}`,
        async () => {
          const { isError } = await answerOf(tool(acting, 'send_delivery'), {
            provider: 'github',
            to,
          })
          return isError && other.calls() === 0 ? undefined : 'it was sent'
        },
      ),
    ),
    ...unnamed.flatMap((given) => [
      one('replay_tasks', `needs ids or state dead, not ${JSON.stringify(given)}`, async () =>
        rejected({ ...given, dryRun: false }),
      ),
      one('replay_tasks', `nor previews ${JSON.stringify(given)}`, async () => rejected(given)),
    ]),
    ...[{}, { count: 3 }, { count: 3, digest: 'x'.repeat(22) }].map((given) =>
      one('replay_tasks', `needs count and digest, not ${JSON.stringify(given)}`, async () =>
        rejected({ state: 'dead', dryRun: false, ...given }),
      ),
    ),
    one('replay_tasks', 'takes no digest of another preview', async () => {
      const [first] = (await inbox.view!.list({ state: 'dead' })).rows
      const { digest } = await preview({ ids: [first!.id] })
      return rejected({ state: 'dead', dryRun: false, count: 3, digest })
    }),
    one('replay_tasks', 'changes what its preview named, once', async () => {
      const { count, digest } = await preview({ state: 'dead' })
      const change = { state: 'dead', dryRun: false, count, digest }
      const { content } = await answerOf(tool(acting, 'replay_tasks'), change)
      if ((JSON.parse(content[0]!.text) as { count: number }).count !== count)
        return content[0]!.text
      await settled(world.receiver)
      return rejected(change)
    }),
  ]
}

type Tool = Parameters<typeof answerOf>[0]

function tool(all: readonly Tool[], name: string): Tool {
  return all.find((one) => one.name === name)!
}

const KEYS: readonly string[] = [
  '{"edited":true,"__proto__":{"admin":true}}',
  '{"edited":true,"constructor":{"prototype":{"admin":true}}}',
  '{"edited":true,"a":[{"__proto__":{"admin":true}}]}',
  String.raw`{"edited":true,"\u005f_proto__":{"admin":true}}`,
  '{"edited":true,"a":{"b":{"constructor":{"prototype":1}}}}',
]

/** "Edit and run" must check its JSON like the body of a delivery. */
function keyCases({ name, inbox, receiver, got }: World): readonly RuleCase[] {
  const inspect = inspector({
    inbox,
    receivers: [receiver],
    log: false,
    auth: () => ({ allow: ['rerun'] as const, payloads: true }),
  })
  const rerun = async (payload: string): Promise<number> => {
    const [task] = (await inbox.view!.list({ state: 'dead' })).rows
    const reply = await inspect(
      new Request('http://app.example/postern/~/api/rerun', {
        method: 'POST',
        headers: { 'x-postern-action': '1', 'sec-fetch-site': 'same-origin' },
        body: JSON.stringify({ task: task!.id, payload }),
      }),
    )
    await settled(receiver)
    return reply.status
  }
  const common = { at: 'POST rerun', sender: 'github', inbox: name }
  return [
    ...KEYS.map((payload) => ({
      ...common,
      name: payload,
      async run() {
        got.length = 0
        const status = await rerun(payload)
        if (status !== 200) return `the reply is ${status}`
        return /__proto__|prototype/.test(JSON.stringify(got)) || got.length !== 1
          ? `the handler got ${JSON.stringify(got)}`
          : undefined
      },
    })),
    ...['{', '', 'undefined', '['.repeat(5000) + ']'.repeat(5000)].map((payload) => ({
      ...common,
      name: `no JSON, or too deep: ${payload.slice(0, 10)}`,
      async run() {
        got.length = 0
        const status = await rerun(payload)
        return status === 400 && got.length === 0 ? undefined : `the reply is ${status}`
      },
    })),
  ]
}
