import { createReceiver } from '../../core/src/index.ts'
import { catalogue } from '../../providers/src/catalogue.ts'
import { deliver, signed } from '../../testing/src/index.ts'
import { factoryOf } from '../../cli/src/sender/written.ts'
import type { CatalogueEntry } from '../../providers/src/index.ts'

/** Facts about a sender, from a delivery of its sample. */
interface Seen {
  /** True if the sender gives the event an id. */
  readonly hasId: boolean
  /** Another secret of the same form; undefined if the sender does not sign with a single string. */
  readonly wrong: string | undefined
}

const seen: ReadonlyMap<string, Seen> = new Map(
  await Promise.all(
    [...catalogue.values()]
      .filter(({ canSign }) => canSign)
      .map(async (about) => [about.name, await see(about)] as const),
  ),
)

/** True if the sender gives its events no id, as far as a sample shows it. */
export function hasNoId({ name }: CatalogueEntry): boolean {
  return seen.get(name)?.hasId === false
}

async function see(about: CatalogueEntry): Promise<Seen> {
  const provider = about.create(about.example)
  const topic = about.topics[0] ?? 'order.created'
  const receiver = createReceiver({ provider, log: false })
  let hasId = true
  receiver.onAny(({ id }) => void (hasId = id !== undefined))
  await deliver(receiver, signed(provider, topic))
  const secret = otherSecret(about)
  const status =
    secret === undefined
      ? 0
      : await signed(provider, topic, {}, { secret })
          .then((forged) => receiver.fetch(forged))
          .then((response) => response.status)
          // The secret has another form, or the sender signs without one.
          .catch(() => 0)
  await receiver.close()
  return { hasId, wrong: status === 401 ? secret : undefined }
}

/** A whole test of a receiver for this sender, for `node --test`: a genuine delivery twice and, where one secret signs, a forged one. */
export function testFileOf(about: CatalogueEntry): string {
  const { factory, from } = factoryOf(about)
  const topic = `'${about.topics[0] ?? 'order.created'}'`
  const { hasId, wrong } = seen.get(about.name)!
  return [
    "import assert from 'node:assert/strict'",
    "import { after, test } from 'node:test'",
    "import { createReceiver } from '@postern/core'",
    `import { ${factory} } from '${from}'`,
    "import { deliver, signed } from '@postern/testing'",
    '',
    `const provider = ${factory}(${literal(about.example)})`,
    `const receiver = createReceiver({ provider, log: false${hasId ? '' : ", dedupe: 'digest'"} }) // or the one of your app`,
    'const handled: string[] = []',
    'receiver.onAny((event) => void handled.push(event.topic)) // or your handler',
    'after(() => receiver.close())',
    '',
    "test('a genuine delivery is handled once, though it comes twice', async () => {",
    `  const genuine = await signed(provider, ${topic})`,
    '  assert.ok((await deliver(receiver, genuine.clone())).status < 300) // waits for the handler',
    '  const before = handled.length',
    '  assert.ok((await deliver(receiver, genuine)).status < 300)',
    '  assert.ok(before > 0 && handled.length === before)',
    '})',
    ...(wrong === undefined
      ? []
      : [
          '',
          "test('a forged one is rejected', async () => {",
          `  const forged = signed(provider, ${topic}, {}, { secret: '${wrong}' })`,
          '  assert.equal((await deliver(receiver, forged)).status, 401)',
          '})',
        ]),
  ].join('\n')
}

/** A secret of the same form as the example's. */
function otherSecret({ example, secretOption }: CatalogueEntry): string | undefined {
  const secret = (example as Readonly<Record<string, unknown>>)[secretOption ?? '']
  if (typeof secret !== 'string') return undefined
  const [, prefix = ''] = /^([a-z]+_)[A-Za-z\d+/=]+$/.exec(secret) ?? []
  return prefix === ''
    ? 'another-example-secret'
    : prefix + btoa('another example secret, 32 bytes')
}

function literal(example: object): string {
  const members = Object.entries(example).map(
    ([name, value]: [string, unknown]) => `${name}: ${JSON.stringify(value)}`,
  )
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}
