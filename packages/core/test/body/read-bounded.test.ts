import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { readBounded, readStart } from '../../src/basics/index.ts'

const part = (length: number): Uint8Array => new Uint8Array(length).fill(120)

/** Returns an endless body, and records what its reader does. */
function endless(): { body: ReadableStream<Uint8Array>; pulled: number; cancelled: boolean } {
  const seen = { pulled: 0, cancelled: false }
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      seen.pulled++
      controller.enqueue(part(1000))
    },
    cancel() {
      seen.cancelled = true
    },
  })
  return Object.assign(seen, { body })
}

describe('readBounded', () => {
  test.each([
    ['a Web stream', () => new Response('a body').body],
    ['a stream of Node.js', () => Readable.from([Buffer.from('a '), Buffer.from('body')])],
  ])('reads %s whole', async (_name, body) => {
    expect(Buffer.from(await readBounded(body(), 6)).toString()).toBe('a body')
  })

  test('no body is no bytes', async () => {
    expect(await readBounded(null, 6)).toEqual(new Uint8Array(0))
    expect(await readBounded(undefined, 0)).toEqual(new Uint8Array(0))
  })

  test('a byte more is an error, and ends an endless stream', async () => {
    await expect(readBounded(new Response('a body').body, 5)).rejects.toThrow(RangeError)
    const sent = endless()
    await expect(readBounded(sent.body, 5000)).rejects.toThrow('more than 5000 bytes')
    expect(sent.cancelled).toBe(true)
    expect(sent.pulled).toBeLessThan(10)
  })

  test('the error can be of the caller', async () => {
    const mine = (): Error => new TypeError('mine')
    await expect(readBounded(endless().body, 1, mine)).rejects.toThrow('mine')
  })

  test('an error of the stream comes through', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('reset')),
    })
    await expect(readBounded(broken, 10)).rejects.toThrow('reset')
  })
})

describe('readStart', () => {
  test('cuts within a part, and ends the stream', async () => {
    const sent = endless()
    expect((await readStart(sent.body, 1500)).byteLength).toBe(1500)
    expect(sent.cancelled).toBe(true)
    expect(sent.pulled).toBeLessThan(5)
  })

  test('a body that cannot be closed is read too', async () => {
    const next = async () => ({ value: part(10) })
    const body = { [Symbol.asyncIterator]: () => ({ next }) }
    expect(await readStart(body, 5)).toEqual(part(5))
    await expect(readBounded(body, 5)).rejects.toThrow(RangeError)
  })

  test('a shorter body is whole', async () => {
    expect(Buffer.from(await readStart(new Response('ab').body, 10)).toString()).toBe('ab')
    expect((await readStart(null, 10)).byteLength).toBe(0)
  })
})
