// One signed delivery over HTTP and one that was tampered with, to a receiver on Express: what a package user has at least.
const assert = require('node:assert/strict')
const { createHmac } = require('node:crypto')
const events = require('node:events')
const express = require('express')

exports.exchange = async ({ createReceiver, github, webhook }) => {
  const secret = 'It is a secret to nobody'
  const receiver = createReceiver({ provider: github({ secret }) })
  const { promise: handled, resolve } = Promise.withResolvers()
  receiver.on('issues.opened', (event) => resolve(event.payload.issue.title))
  const server = express().post('/hook', webhook(receiver)).listen(0, '127.0.0.1')
  await events.once(server, 'listening')
  try {
    const url = `http://127.0.0.1:${server.address().port}/hook`
    const body = JSON.stringify({ action: 'opened', issue: { title: 'It arrives' } })
    const headers = {
      'content-type': 'application/json',
      'x-github-event': 'issues',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    }
    const tampered = await fetch(url, { method: 'POST', headers, body: `${body} ` })
    assert.equal(tampered.status, 401)
    const taken = await fetch(url, { method: 'POST', headers, body })
    assert.equal(taken.status, 200)
    assert.equal(await handled, 'It arrives')
  } finally {
    server.close()
    await receiver.close()
  }
}
