import { afterEach, describe, expect, test } from 'vitest'
import type { RegisteredReply } from '../src/api/health.ts'
import { createScene, type Scene } from './scene.ts'

let scene: Scene
afterEach(() => scene.close())

const URL = 'https://shop.example/webhooks/github'
const endpoint = { id: 'hook_1', state: 'active', delivering: true }

describe('registered', () => {
  test('shows what each sender has, and why one could not be asked, at most once a minute', async () => {
    let asked = 0
    scene = createScene({
      inspector: {
        registered: {
          github: () => {
            asked++
            return { url: URL, endpoints: [endpoint], differs: ['lacks issues'] }
          },
          stripe: () => Promise.reject(new Error('Stripe answered 401')),
        },
      },
    })
    const found = await scene.get<RegisteredReply>('registered')
    expect(found.receivers).toEqual([
      { receiver: 'github', url: URL, endpoints: [endpoint], differs: ['lacks issues'] },
      { receiver: 'stripe', endpoints: [], differs: [], problem: 'Stripe answered 401' },
    ])
    const one = await scene.get<RegisteredReply>('registered?receiver=github')
    expect(one.receivers.map(({ receiver }) => receiver)).toEqual(['github'])
    expect(asked).toBe(1)
    expect(await scene.get('status')).toMatchObject({ hasRegistered: true })
  })

  test('nothing is asked for without the option, and what is no function is a TypeError', async () => {
    scene = createScene()
    expect((await scene.get<RegisteredReply>('registered')).receivers).toEqual([])
    expect(await scene.get('status')).toMatchObject({ hasRegistered: false })
    expect(() => createScene({ inspector: { registered: { github: URL as never } } })).toThrow(
      /^inspector: registered.github must be a function/,
    )
  })
})
