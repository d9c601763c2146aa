import type { About } from '@postern/core/scheme'
import { factoryOf, senderImports } from '../sender/written.ts'
import type { Wanted } from './parts.ts'
import type { Project } from './project.ts'

/** A test of the first handler. Undefined if deliveries cannot be signed. */
export function testOf(
  { about, gateway, topic }: Pick<Wanted, 'about' | 'gateway' | 'topic'>,
  {
    runner,
    nest,
    handlers,
  }: {
    readonly runner: Project['runner']
    /** The path of the route and the class of handlers, if the test goes through an app of NestJS. */
    readonly nest: { readonly path: string; readonly handlers: string } | undefined
    /** What the test writes to import the handlers. */
    readonly handlers: string
  },
): string | undefined {
  const signer = gateway ?? about
  const secret = about.canSign ? secretOf(signer) : undefined
  if (secret === undefined) return undefined
  const isNode = runner === 'node'
  const head = isNode
    ? ["import assert from 'node:assert/strict'", "import { test } from 'node:test'"]
    : runner === 'vitest'
      ? ["import { expect, test } from 'vitest'"]
      : []
  const check = (found: string, wanted: string): string =>
    isNode ? `assert.equal(${found}, ${wanted})` : `expect(${found}).toBe(${wanted})`
  const signed = `${factoryOf(signer).factory}({ ${signer.secretOption}: '${secret}' })`
  const made = gateway ? `behind(${signed}, ${factoryOf(about).factory})` : signed
  const core = gateway ? ['behind', 'createReceiver'] : ['createReceiver']
  const checked = [
    `  ${check('status < 300', 'true')}`,
    `  ${check('tasks[0]?.state', "'done'")}`,
    '})',
    '',
  ]
  if (nest !== undefined)
    return [
      ...head,
      "import { Test } from '@nestjs/testing'",
      "import { PosternModule } from '@postern/nestjs'",
      "import { postern } from '@postern/nestjs/testing'",
      ...(gateway ? ["import { behind } from '@postern/core'"] : []),
      ...senderImports({ about, gateway }),
      `import { ${nest.handlers} } from '${handlers}'`,
      '',
      `test('${topic} is handled', async () => {`,
      `  const provider = ${made}`,
      '  const module = await Test.createTestingModule({',
      `    imports: [PosternModule.receiver('${about.name}', '${nest.path}', { useFactory: () => ({ provider, log: false }) })],`,
      `    providers: [${nest.handlers}],`,
      '  }).compile()',
      '  const app = await module.createNestApplication().init()',
      `  const { status, tasks } = await postern(app).deliver('${about.name}', '${topic}', {})`,
      '  await app.close()',
      ...checked,
    ].join('\n')
  return [
    ...head,
    `import { ${core.join(', ')} } from '@postern/core'`,
    ...senderImports({ about, gateway }),
    "import { deliver, signed } from '@postern/testing'",
    `import { subscribe } from '${handlers}'`,
    '',
    `test('${topic} is handled', async () => {`,
    `  const provider = ${made}`,
    '  const receiver = createReceiver({ provider, log: false })',
    '  subscribe(receiver)',
    `  const { status, tasks } = await deliver(receiver, signed(provider, '${topic}', {}))`,
    '  await receiver.close()',
    ...checked,
  ].join('\n')
}

/** A secret of the form that the sender has, for tests. Undefined if deliveries cannot be signed with a secret. */
function secretOf(about: About): string | undefined {
  if (about.secretOption === undefined || !about.canSign) return undefined
  const bytes = Buffer.from('a secret of tests, 32 bytes long')
  for (const secret of [
    'a-secret-of-tests',
    `whsec_${bytes.toString('base64')}`,
    bytes.toString('hex'),
    bytes.toString('base64'),
    `private:${bytes.toString('hex')}`,
  ]) {
    try {
      const provider = about.create({ [about.secretOption]: secret })
      provider.sign?.({
        payload: {},
        ...(about.topics[0] !== undefined && { topic: about.topics[0] }),
      })
      return secret
    } catch {
      // Another form.
    }
  }
  return undefined
}
