import type { LookupFunction } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createGuard, DestinationRejected } from '../src/index.ts'
import { createScene, startSite } from './scene.ts'

describe('URLs that are rejected before anything is resolved', () => {
  test.each([
    ['http://example.com/', 'https:'],
    ['ftp://example.com/', 'https:'],
    ['file:///etc/passwd', 'https:'],
    ['/relative', 'absolute'],
    ['', 'absolute'],
    ['https://user:pass@example.com/', 'user name'],
    ['https://example.com:22/', 'port 22'],
    ['https://localhost/', 'localhost'],
    ['https://localhost./', 'localhost'],
    ['https://LOCALHOST:8443/', 'localhost'],
    ['https://api.localhost/', 'localhost'],
    ['https://127.0.0.1/', 'public'],
    ['https://127.0.0.1./', 'public'],
    ['https://127.1/', 'public'],
    ['https://2130706433/', 'public'],
    ['https://0x7f000001/', 'public'],
    ['https://0177.0.0.1/', 'public'],
    ['https://0x7f.0.0.0x1/', 'public'],
    ['https://1２7.0.0.1/', 'public'],
    ['https://[::1]/', 'public'],
    ['https://[::ffff:127.0.0.1]/', 'public'],
    ['https://[::ffff:a9fe:a9fe]/', 'public'],
    ['https://[fd00:ec2::254]/', 'public'],
    ['https://169.254.169.254/latest/meta-data/', 'public'],
    ['https://2852039166/', 'public'],
  ])('%s', (url, reason) => {
    const look = (): unknown => createGuard().url(url)
    expect(look).toThrow(DestinationRejected)
    expect(look).toThrow(reason)
  })

  test('what may be called is let through, and what an option allows', () => {
    expect(createGuard().url('https://example.com:8443/in').port).toBe('8443')
    expect(createGuard().url('https://1.1.1.1/').hostname).toBe('1.1.1.1')
    expect(createGuard({ allowHttp: true }).url('http://example.com/').protocol).toBe('http:')
    const guard = createGuard({ allowPrivate: (address) => address.startsWith('10.') })
    expect(guard.url('https://10.0.0.1/').hostname).toBe('10.0.0.1')
    expect(() => guard.url('https://192.168.0.1/')).toThrow(DestinationRejected)
    // These are other notations of the rejected address.
    const open = createGuard({ allowPrivate: (address) => address !== '169.254.169.254' })
    for (const host of ['[::ffff:a9fe:a9fe]', '[64:ff9b::169.254.169.254]', '2852039166'])
      expect(() => open.url(`https://${host}/`)).toThrow(DestinationRejected)
    expect(guard.url('https://[::ffff:10.0.0.1]/').hostname).toBe('[::ffff:a00:1]')
    expect(createGuard({ allowPort: () => true }).url('https://example.com:22/').port).toBe('22')
  })

  test('a wrong option is a TypeError that names it', () => {
    expect(() => createGuard({ allowPrivate: 'yes' as never })).toThrow('allowPrivate')
    expect(() => createGuard({ allowPort: 443 as never })).toThrow('allowPort')
    expect(() => createGuard({ lookup: 'dns' as never })).toThrow('lookup')
  })
})

describe('names that resolve to where nobody may call', () => {
  test.each([
    '127.0.0.1',
    '169.254.169.254',
    '10.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    'fd00:ec2::254',
  ])('%s is rejected when it is connected to, and its server hears nothing', async (address) => {
    const site = await startSite()
    const scene = createScene({
      to: `http://victim.example:${site.port}/in`,
      allowPrivate: undefined as never,
      lookup: resolving(() => address),
    })
    await scene.send()
    expect(await scene.until('dead')).toContain('outside the public internet')
    expect(site.connections).toBe(0)
  })

  test('a name that is public when it is checked and private when it is connected to (rebinding)', async () => {
    const site = await startSite()
    const given: string[] = []
    const lookup = resolving(
      () => (given.push('asked'), given.length === 1 ? '1.1.1.1' : '127.0.0.1'),
    )
    const guard = createGuard({ allowHttp: true, lookup })
    await new Promise<void>((done) =>
      guard.lookup('victim.example', { all: true }, (error) => (expect(error).toBeNull(), done())),
    )
    const scene = createScene({
      to: `http://victim.example:${site.port}/in`,
      allowPrivate: undefined as never,
      lookup,
    })
    await scene.send()
    expect(await scene.until('dead')).toContain('outside the public internet')
    expect(site.connections).toBe(0)
    // One look-up per connection: the checked address is the one to connect to.
    expect(given).toHaveLength(2)
  })

  test('one private address among public ones', async () => {
    const guard = createGuard({ lookup: resolving(() => ['1.1.1.1', '127.0.0.1']) })
    const error = await new Promise((done) =>
      guard.lookup('victim.example', { all: true }, (found) => done(found)),
    )
    expect(error).toBeInstanceOf(DestinationRejected)
  })

  test('a resolver that hands the socket another address than it told is caught before a byte is written', async () => {
    const site = await startSite()
    const scene = createScene({
      to: `http://victim.example:${site.port}/in`,
      allowPrivate: (() => {
        let asked = 0
        // Allows the address at the look-up, and rejects it at the connection.
        return () => asked++ === 0
      })(),
      lookup: resolving(() => '127.0.0.1'),
    })
    await scene.send()
    expect(await scene.until('dead')).toContain('outside the public internet')
    expect(site.got).toHaveLength(0)
  })
})

test('a redirect to a metadata service is a failure and is not followed', async () => {
  const metadata = await startSite()
  const site = await startSite((_, __, response) => {
    response.writeHead(302, { location: metadata.url }).end()
  })
  const scene = createScene({ to: site.url, retry: { attempts: 2, initialDelay: 1 } })
  await scene.send()
  expect(await scene.until('dead')).toContain('answered 302')
  expect([site.got.length, metadata.connections]).toEqual([2, 0])
})

function resolving(addresses: () => string | readonly string[]): LookupFunction {
  return (_, options, done) => {
    const found = addresses()
    const list = typeof found === 'string' ? [found] : found
    const all = list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    if (options.all) done(null, all)
    else done(null, all[0]!.address, all[0]!.family)
  }
}
