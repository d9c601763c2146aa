import { describe, expect, test } from 'vitest'
import { DestinationRejected } from '../src/index.ts'
import { startSite } from './scene.ts'
import { createSourceScene, verified } from './source-scene.ts'
import { verifiedV1a } from './v1a.ts'

describe('destinations', () => {
  test('rotation signs with both secrets until the overlap is over', async () => {
    const site = await startSite()
    let time = Date.now()
    const { source, done } = createSourceScene({ now: () => time })
    const old = await source.register({ url: site.url, topics: '**', id: 'a' })
    const fresh = await source.rotate('a', { overlap: '2m' })
    expect(fresh.secret).not.toBe(old.secret)
    await source.emit({ topic: 't', payload: 1 })
    await done(2)
    expect([verified(site.got[0]!, old.secret), verified(site.got[0]!, fresh.secret)]).toEqual([
      true,
      true,
    ])
    time += 120_000
    await source.emit({ topic: 't', payload: 1 })
    await done(4)
    expect([verified(site.got[1]!, old.secret), verified(site.got[1]!, fresh.secret)]).toEqual([
      false,
      true,
    ])
    await expect(source.rotate('unknown')).rejects.toThrow('unknown')
  })

  test('an Ed25519 destination gets the public key, and another when it is replaced', async () => {
    const site = await startSite()
    const { source, done } = createSourceScene({ sign: 'v1a' })
    const given = { url: site.url, topics: 't', id: 'a' }
    const first = await source.register(given)
    expect(first.secret).toMatch(/^whpk_/)
    const second = await source.register({ ...given, topics: 'u', replace: true })
    expect(second.secret).not.toBe(first.secret)
    expect(await source.destinations()).toEqual([
      { id: 'a', url: site.url, topics: ['u'], gone: undefined },
    ])
    await source.emit({ topic: 'u', payload: 1 })
    await done(2)
    expect(verifiedV1a(site.got[0]!, first.secret)).toBe(true)
    const own = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
    const replaced = await source.register({ ...given, secret: own, replace: true })
    expect(replaced.secret).toBe(own)
    expect(await source.unregister('a')).toBe(true)
    expect(await source.unregister('a')).toBe(false)
    expect(await source.destinations()).toEqual([])
  })

  test('what is wrong with one is rejected: URL, topics, id, secret', async () => {
    const { source } = createSourceScene({ allowPrivate: undefined as never })
    const given = { url: 'http://example.com/', topics: 't' }
    for (const url of ['http://169.254.169.254/', 'http://2130706433/', 'http://[::ffff:7f00:1]/'])
      await expect(source.register({ ...given, url })).rejects.toBeInstanceOf(DestinationRejected)
    await expect(source.register({ ...given, topics: [] })).rejects.toThrow('topics')
    await expect(source.register({ ...given, topics: 'a*' })).rejects.toThrow('a*')
    await expect(source.register({ ...given, id: 'a b' })).rejects.toThrow(/^register: id .*"a b"/)
    await expect(source.register({ ...given, secret: 'whsec_...' })).rejects.toThrow('secret')
    await expect(source.register({ ...given, secret: `whpk_${'A'.repeat(43)}=` })).rejects.toThrow()
  })

  test('an id that is taken is rejected, and tells nothing of the one that has it', async () => {
    const [mine, theirs] = [await startSite(), await startSite()]
    const { source, done } = createSourceScene()
    const { secret } = await source.register({ url: mine.url, topics: 't', id: 'shop' })
    for (const more of [{}, { replace: false }, { secret }, { url: mine.url }]) {
      const taken = { url: theirs.url, topics: '**', id: 'shop', ...more }
      const rejected = await source.register(taken).catch((error: unknown) => error)
      expect(rejected).toBeInstanceOf(DestinationRejected)
      expect(String(rejected)).toContain('replace: true')
      expect(String(rejected)).not.toContain(mine.url)
    }
    await source.emit({ topic: 't', payload: 1 })
    await done(2)
    expect([mine.got.length, theirs.got.length]).toEqual([1, 0])
  })

  test('one that is moved gets a secret of its own, and is not signed with the old one', async () => {
    const [old, next] = [await startSite(), await startSite()]
    const { source, done } = createSourceScene({ sign: 'v1a' })
    const given = { topics: 't', id: 'shop', replace: true }
    const before = await source.register({ ...given, url: old.url })
    const after = await source.register({ ...given, url: next.url })
    await source.emit({ topic: 't', payload: 1 })
    await done(2)
    expect(old.got).toHaveLength(0)
    expect(verifiedV1a(next.got[0]!, after.secret)).toBe(true)
    expect(verifiedV1a(next.got[0]!, before.secret)).toBe(false)
  })

  test('410 takes one off until it is registered again', async () => {
    const site = await startSite((_, nth) => (nth === 1 ? 410 : 200))
    const gone: string[] = []
    const { source, done, dead } = createSourceScene({ onGone: ({ id }) => gone.push(id) })
    const given = { url: site.url, topics: '**', id: 'a' }
    await source.register(given)
    await source.emit({ topic: 't', payload: 1 })
    await dead(1)
    expect(gone).toEqual(['a'])
    expect((await source.destinations())[0]!.gone).toBeGreaterThan(0)
    await source.emit({ topic: 't', payload: 2 })
    await done(2)
    await source.register({ ...given, replace: true })
    await source.emit({ topic: 't', payload: 3 })
    await done(4)
    expect(site.got).toHaveLength(2)
  })

  test('a 410 of the URL before the new registration marks nothing', async () => {
    const fresh = await startSite()
    const old = await startSite(async () => {
      await source.register({ url: fresh.url, topics: '**', id: 'a', replace: true })
      return 410
    })
    const { source, done } = createSourceScene()
    await source.register({ url: old.url, topics: '**', id: 'a' })
    await source.emit({ topic: 't', payload: 1 })
    await done(2)
    expect([old.got.length, fresh.got.length]).toEqual([1, 1])
    expect((await source.destinations())[0]!.gone).toBeUndefined()
  })

  test('what waits for one that is unregistered is given up', async () => {
    const site = await startSite(() => 500)
    const { source, dead } = createSourceScene({ retry: { attempts: 9, initialDelay: 200 } })
    await source.register({ url: site.url, topics: '**', id: 'a' })
    await source.emit({ topic: 't', payload: 1 })
    await site.until(1)
    await source.unregister('a')
    expect(await dead(1)).toEqual(['a is not registered any more'])
  })
})
