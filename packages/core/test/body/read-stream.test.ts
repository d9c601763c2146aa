import { describe, expect, test } from 'vitest'
import { discard, readStream } from '../../src/body/read-stream.ts'
import { WebhookError } from '../../src/errors.ts'
import type { Admission } from '../../src/receive/admit.ts'

const admission = (limit: number): Admission & { readonly taken: number[] } => {
  const taken: number[] = []
  return {
    limit,
    taken,
    tooLarge: (length?: number) => new WebhookError('body_too_large', `too large: ${length}`),
    take: (bytes: number) => void taken.push(bytes),
    onDrop: () => undefined,
    complete: () => undefined,
  } as never
}

/** Returns a stream of these chunks that records whether it was canceled. */
function stream(
  chunks: readonly Uint8Array[],
  end: 'close' | 'stay' | Error = 'close',
): { readonly body: ReadableStream<Uint8Array>; pulled: number; cancelled: boolean } {
  const seen = { pulled: 0, cancelled: false }
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[seen.pulled++]
        if (chunk) controller.enqueue(chunk)
        else if (end === 'close') controller.close()
        else if (end !== 'stay') controller.error(end)
      },
      cancel() {
        seen.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return Object.assign(seen, { body })
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('a stream is read to its end', () => {
  test('as the very bytes, each counted', async () => {
    const one = bytes(1, 2)
    expect(await readStream(stream([one]).body, 2, 1000, admission(2))).toBe(one)
    const counted = admission(3)
    const read = await readStream(stream([one, bytes(3)]).body, undefined, 1000, counted)
    expect([...read]).toEqual([1, 2, 3])
    expect(counted.taken).toEqual([2, 1])
    expect([...(await readStream(stream([]).body, 0, 1000, admission(1)))]).toEqual([])
  })

  test('but not if its head says that it is too long', async () => {
    const long = stream([bytes(1, 2, 3)])
    await expect(readStream(long.body, 3, 1000, admission(2))).rejects.toThrow('too large: 3')
    expect(long.pulled).toBe(0)
  })

  test('and not beyond the limit: the rest is read and dropped', async () => {
    const long = stream([bytes(1, 2), bytes(3), bytes(4), bytes(5)])
    await expect(readStream(long.body, undefined, 1000, admission(2))).rejects.toThrow('too large')
    expect(long.pulled).toBe(5)
  })

  test.each([
    [1, undefined],
    [
      10_000_000,
      'Next.js cuts bodies at 10 MB where proxy.ts (middleware) runs; raise experimental.proxyClientMaxBodySize, or exclude this route from the matcher',
    ],
    [9_999_999, undefined],
  ])('a body of %i bytes that is shorter than its head says is rejected', async (size, remedy) => {
    const body = stream([new Uint8Array(size)]).body
    await expect(readStream(body, size + 1, 1000, admission(2 ** 30))).rejects.toMatchObject({
      code: 'body_truncated',
      problem: 'truncated',
      got: size,
      expected: String(size + 1),
      ...(remedy && { remedy }),
    })
  })

  test('one that breaks off is told with its cause', async () => {
    const cause = new Error('reset')
    await expect(
      readStream(stream([bytes(1)], cause).body, undefined, 1000, admission(9)),
    ).rejects.toMatchObject({
      code: 'body_aborted',
      problem: 'aborted',
      cause,
    })
  })

  test('one that stays away is given up, and cancelled', async () => {
    const slow = stream([bytes(1)], 'stay')
    await expect(readStream(slow.body, undefined, 20, admission(9))).rejects.toMatchObject({
      code: 'body_timeout',
      problem: 'too_slow',
      option: 'limits.bodyTimeout',
      limit: 20,
    })
    expect(slow.cancelled).toBe(true)
  })
})

describe('the rest of a rejected body', () => {
  test('is dropped up to a mebibyte, and then cancelled', async () => {
    const chunk = new Uint8Array(2 ** 18)
    const endless = stream(Array.from({ length: 100 }, () => chunk))
    await discard(endless.body.getReader())
    expect(endless.pulled).toBe(4)
    expect(endless.cancelled).toBe(true)
  })

  test('is not awaited if nothing comes', async () => {
    const silent = stream([], 'stay')
    await discard(silent.body.getReader())
    expect(silent.cancelled).toBe(true)
  })

  test('may break off', async () => {
    await expect(discard(stream([], new Error('reset')).body.getReader())).resolves.toBeUndefined()
  })
})
