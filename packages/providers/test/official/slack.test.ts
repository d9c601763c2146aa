import verification from '@slack/bolt/dist/receivers/verify-request.js'
import { describe, expect, test } from 'vitest'
import { slack } from '../../src/slack.ts'
import { bodyText } from '../deliver.ts'

const signingSecret = '8f742231b10e8888abcd99yyyzzz85a5'
const { isValidSlackRequest } = verification

describe('@slack/bolt', () => {
  test.each(['app_mention', '/deploy', 'block_actions.approve', 'view_submission.form'])(
    'verifies what sign makes: %s',
    (topic) => {
      const signed = slack({ signingSecret }).sign!({ topic, payload: { text: "$$ $& $` ☃ '" } })
      const headers = {
        'x-slack-signature': signed.headers['x-slack-signature']!,
        'x-slack-request-timestamp': Number(signed.headers['x-slack-request-timestamp']),
      }
      const body = bodyText(signed)
      expect(isValidSlackRequest({ signingSecret, body, headers })).toBe(true)
      expect(isValidSlackRequest({ signingSecret, body: `${body}&`, headers })).toBe(false)
      expect(isValidSlackRequest({ signingSecret: 'another', body, headers })).toBe(false)
    },
  )
})
