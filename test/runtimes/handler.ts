import { createReceiver, type Receiver } from '@postern/core'
import { type Host } from '@postern/core/inbox'
import { catalogue } from '@postern/providers'
import { testProvider, type Vector } from '@postern/testing'
import { handleBody, handleKey } from './bodies.ts'
import { drafts, secretOf } from './drafts.ts'

/** Results of a provider's test vectors, by name. */
export interface Judgement {
  readonly passed: readonly string[]
  readonly failed: readonly { readonly name: string; readonly message: string }[]
}

const receivers = new Map<string, Receiver>()
const handled: string[] = []

/**
 * The fetch handler that all runtimes serve. `/webhooks/<provider>` receives deliveries, and `/handled` lists the
 * events that handlers got. `/judge/<provider>` runs the test vectors of its body through the provider contract, inside
 * the runtime. `/bodies` and `/keys` serve cases that do not belong to a provider.
 */
export async function handle(request: Request, host: Host = {}): Promise<Response> {
  const [, action = '', name = ''] = new URL(request.url).pathname.split('/')
  if (action === 'webhooks') return receiverOf(name).fetch(request, host)
  if (action === 'bodies') return handleBody(request, host)
  if (action === 'keys') return handleKey(request)
  if (action === 'handled') return Response.json(handled)
  if (action === 'judge')
    return Response.json(await judge(name, (await request.json()) as Vector[]))
  return new Response(null, { status: 404 })
}

function receiverOf(name: string): Receiver {
  let receiver = receivers.get(name)
  if (!receiver) {
    receiver = createReceiver({ provider: create(name), log: false })
    receiver.onAny((event) => handled.push(`${event.provider} ${event.topic} ${event.id ?? ''}`))
    receivers.set(name, receiver)
  }
  return receiver
}

function create(name: string): Receiver['provider'] {
  const entry = catalogue.get(name)
  if (!entry) throw new TypeError(`no provider is called ${name}`)
  return entry.create({
    ...drafts[name]?.options,
    [entry.secretOption ?? 'secret']: secretOf(name),
  })
}

async function judge(name: string, vectors: readonly Vector[]): Promise<Judgement> {
  const entry = catalogue.get(name)
  if (!entry) throw new TypeError(`no provider is called ${name}`)
  const tests: { name: string; body: () => void | Promise<void> }[] = []
  testProvider(
    { ...entry, vectors },
    { describe: (_, body) => body(), test: (title, body) => tests.push({ name: title, body }) },
  )
  const passed: string[] = []
  const failed: { name: string; message: string }[] = []
  for (const one of tests) {
    try {
      await one.body()
      passed.push(one.name)
    } catch (error) {
      failed.push({ name: one.name, message: String(error) })
    }
  }
  return { passed, failed }
}
