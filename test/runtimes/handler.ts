import { createReceiver, type Receiver } from '@postern/core'
import { type Host } from '@postern/core/inbox'
import { catalogue } from '@postern/providers'
import { testProvider, type Vector } from '@postern/testing'
import { handleBody, handleKey } from './bodies.ts'
import { drafts, secretOf } from './drafts.ts'

/** What became of the known answers of a provider, by their names. */
export interface Judgement {
  readonly passed: readonly string[]
  readonly failed: readonly { readonly name: string; readonly message: string }[]
}

const receivers = new Map<string, Receiver>()
const handled: string[] = []

/**
 * The fetch handler all runtimes serve: `/webhooks/<provider>` takes deliveries, `/handled` tells what handlers got, and
 * `/judge/<provider>` runs the known answers in its body through the provider's contract, inside this runtime. `/bodies`
 * and `/keys` are for the cases that are no provider's.
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
