import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { wechatCipher } from '../src/schemes/wechat.ts'
import { wechat } from '../src/wechat.ts'
import { accepting } from './accepting.ts'
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
  const { receiver, topics } = accepting(wechat({ token: 'token1', ...secure }))
  const plain = wechat({ token: 'token1' }).sign!({ topic: 'text', id: '1' })
  expect((await receiver.receive(plain)).status).toBe(401)
  const { receiver: open } = accepting(wechat({ token: 'token1' }))
  const encrypted = wechat({ token: 'token1', ...secure }).sign!({ topic: 'text', id: '1' })
  expect((await open.receive(encrypted)).status).toBe(401)
  expect(topics).toEqual([])
})

test('an event has the id WeChat names: sender and time', async () => {
  const provider = wechat({ token: 'token1' })
  const { receiver, ids, topics } = accepting(provider)
  const payload = { FromUserName: 'o1', CreateTime: 1409735669 }
  const reply = await receiver.receive(provider.sign!({ topic: 'event.subscribe', payload }))
  expect(reply).toMatchObject({ status: 200, body: 'success' })
  expect([ids, topics]).toEqual([['o1:1409735669'], ['event.subscribe']])
})

test('messages of mini programs are JSON, their ids exact', async () => {
  for (const options of [{}, secure]) {
    const provider = wechat({ token: 'token1', ...options })
    const { receiver, ids, topics } = accepting(provider)
    const plain = '{"MsgType":"text","MsgId":6054768590064713729,"FromUserName":"o1"}'
    const { encodingAESKey, receiveId } = secure
    const Encrypt = wechatCipher('wechat', encodingAESKey, receiveId).encrypt(plain)
    const body = options === secure ? JSON.stringify({ Encrypt }) : plain
    const signed = options === secure ? `<Encrypt><![CDATA[${Encrypt}]]></Encrypt>` : ''
    const { url } = provider.sign!({ body: signed })
    const headers = { 'content-type': 'application/json' }
    expect((await receiver.receive({ url, headers, body })).status).toBe(200)
    expect([ids, topics]).toEqual([['6054768590064713729'], ['text']])
  }
})

test('options that are no key and no receiver are rejected', () => {
  expect(() => wechat({ token: 't', encodingAESKey: 'short' })).toThrow('encodingAESKey')
  const { encodingAESKey } = secure
  expect(() => wechat({ token: 't', encodingAESKey })).toThrow('receiveId')
})
