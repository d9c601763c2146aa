import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { wechatCipher } from '../src/schemes/wechat.ts'
import { wechat } from '../src/wechat.ts'
import { deliver } from './deliver.ts'
import { encrypted, lawsOf } from './signing.ts'

const secure = { encodingAESKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG', receiveId: 'wx1' }

testProvider(
  {
    ...wechat.about,
    name: 'wechat, secure mode',
    sign: { ...lawsOf('wechat')!, options: secure, covered: encrypted },
  },
  { describe, test },
)

test('in secure mode a plain message is rejected, however its query is signed', async () => {
  const [closed, open] = [wechat({ token: 'token1', ...secure }), wechat({ token: 'token1' })]
  for (const [one, other] of [
    [closed, open],
    [open, closed],
  ] as const) {
    const signed = other.sign!({ topic: 'text', id: '1' })
    const { statuses, events } = await deliver(one, [signed])
    expect([statuses, events]).toEqual([[401], []])
  }
})

test('an event has the id WeChat names: sender and time', async () => {
  const provider = wechat({ token: 'token1' })
  const payload = { FromUserName: 'o1', CreateTime: 1409735669 }
  const signed = provider.sign!({ topic: 'event.subscribe', payload })
  const { replies, got } = await deliver(provider, [signed])
  expect(replies).toMatchObject([{ status: 200, body: 'success' }])
  expect(got).toEqual(['event.subscribe o1:1409735669'])
})

test('messages of mini programs are JSON, their ids exact', async () => {
  for (const options of [{}, secure]) {
    const provider = wechat({ token: 'token1', ...options })
    const plain = '{"MsgType":"text","MsgId":6054768590064713729,"FromUserName":"o1"}'
    const { encodingAESKey, receiveId } = secure
    const Encrypt = wechatCipher('wechat', encodingAESKey, receiveId).encrypt(plain)
    const body = options === secure ? JSON.stringify({ Encrypt }) : plain
    const signed = options === secure ? `<Encrypt><![CDATA[${Encrypt}]]></Encrypt>` : ''
    const { url } = provider.sign!({ body: signed })
    const headers = { 'content-type': 'application/json' }
    const { statuses, got } = await deliver(provider, [{ url, headers, body }])
    expect([statuses, got]).toEqual([[200], ['text 6054768590064713729']])
  }
})
