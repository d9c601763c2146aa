import { globSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { senders, type Maker } from '../src/catalogue.ts'

const SPECIAL: Readonly<Record<string, unknown>> = {
  number: '+15005550006',
  context: 'team',
  events: ['dsync.user.created'],
  url: 'https://app.example/hooks',
  api: 'https://api.example',
  repository: 'octo/hello',
  shop: 'octo.myshopify.com',
  accountSid: `AC${'0'.repeat(32)}`,
}
const COMMON = ['api', 'timeout', 'patience', 'fetch', 'wait']

/** Returns the functions that create registrars and sources, with names such as `github registrar`. */
function makers(): readonly (readonly [name: string, maker: Maker<unknown>])[] {
  return [...senders.values()].flatMap((sender) =>
    (['registrar', 'events', 'redelivery'] as const).flatMap((kind) =>
      sender[kind] ? [[`${sender.name} ${kind}`, sender[kind]] as const] : [],
    ),
  )
}

test.each(makers())(
  '%s: takes the options that the catalogue names, and no others',
  async (name, maker) => {
    const given = Object.fromEntries(
      [
        ...maker.tokens,
        ...maker.needs,
        ...(name.startsWith('github ') ? ['repository', 'url'] : []),
      ]
        .filter((option) => name !== 'github registrar' || option !== 'url')
        .map((option) => [option, SPECIAL[option] ?? `a-value-0123456789`]),
    )
    const made = (await maker.make(given)) as { readonly provider: string }
    expect(made.provider).toBe(senders.get(name.split(' ')[0]!)!.provider)
    const rejection = await maker.make({ ...given, '!': 1 }).catch((error: Error) => error.message)
    const [, known = ''] = /known are (.*)$/.exec(String(rejection)) ?? []
    expect(known.split(', ').toSorted()).toEqual(
      [...new Set([...COMMON, ...maker.tokens, ...maker.needs, ...maker.takes])].toSorted(),
    )
    for (const option of [...maker.tokens, ...maker.needs]) {
      const { [option]: _left, ...rest } = given
      await expect(maker.make(rest)).rejects.toThrow(option)
    }
  },
)

test('each sender of the package is in it', () => {
  const src = new URL('../src', import.meta.url).pathname
  const not = ['catalogue', 'index', 'errors', 'registrar', 'registered', 'source']
  const files = globSync('*.ts', { cwd: src }).map((file) => basename(file, '.ts'))
  const registrars = [...senders.values()].filter(({ registrar }) => registrar)
  expect(registrars.map(({ name }) => name).toSorted()).toEqual(
    files.filter((name) => !not.includes(name)).toSorted(),
  )
  const sources = globSync('sources/*.ts', { cwd: src }).map((file) => basename(file, '.ts'))
  const withSource = [...senders.values()].filter(({ events, redelivery }) => events ?? redelivery)
  expect(withSource.map(({ name }) => name).toSorted()).toEqual(sources.toSorted())
})
