import { deflateRawSync } from 'node:zlib'
import {
  asana,
  dropbox,
  meta,
  microsoftGraph,
  slack,
  trello,
  wecom,
  x,
  zoom,
} from '@postern/providers'
import { REJECTED, TAKEN, withHeaders, type HostileCase, type Wire } from '../case.ts'
import { vectorsOf, wireOf } from '../genuine.ts'
import { attack, mac, NOW, plain, rejected, taken, URL_OF_ALL } from './sign.ts'

const KEY = 'a-secret-nobody-knows'
const X_HEADER = 'x-twitter-webhooks-signature'
const EVENT = '{"for_user_id":"1","tweet_create_events":[{"id_str":"6"}]}'

/** An attacker cannot use the reply to a challenge as an event, or an event as a challenge. */
export function challenges(): readonly HostileCase[] {
  return [...ofX(), ...ofWecom(), ...ofOthers()]
}

function ofX(): readonly HostileCase[] {
  const provider = (): ReturnType<typeof x> => x({ consumerSecret: KEY })
  const ask = (token: string): Wire =>
    plain('GET', `${URL_OF_ALL}?crc_token=${encodeURIComponent(token)}`)
  const post = (body: string | Uint8Array, headers: Record<string, string> = {}): Wire =>
    plain('POST', URL_OF_ALL, body, {
      [X_HEADER]: `sha256=${mac(KEY, body, 'base64')}`,
      'content-type': 'application/json',
      ...headers,
    })
  const deflated = deflateRawSync(EVENT)
  const token = 'A'.repeat(100)
  return [
    attack('challenge', 'X signs an event that is a DEFLATE stream', provider, [
      rejected(ask(deflated.toString('latin1')), 403, 'handshake_rejected'),
      rejected(post(deflated, { 'content-encoding': 'deflate' }), 415, 'unsupported_encoding'),
    ]),
    attack('challenge', 'X signs an event that is JSON', provider, [
      rejected(ask(EVENT), 403, 'handshake_rejected'),
    ]),
    attack('challenge', 'X signs 101 letters', provider, [rejected(ask(`${token}A`), 403)]),
    attack('challenge', 'X is asked twice', provider, [
      rejected(plain('GET', `${URL_OF_ALL}?crc_token=a&crc_token=b`), 403, 'handshake_rejected'),
    ]),
    ...['application/json', 'text/plain', 'application/x-www-form-urlencoded'].map((type) =>
      attack('challenge', `a token that X signed comes as ${type}`, provider, [
        taken(ask(token)),
        { wire: post(token, { 'content-type': type }), status: [400, 401] },
      ]),
    ),
  ]
}

function ofWecom(): readonly HostileCase[] {
  const vector = vectorsOf('wecom').find((one) => one.expect === 'valid' && !one.handshake)!
  const captured = wireOf(vector)
  const encrypted = /<!\[CDATA\[([\w+/=]{40,})\]\]>/.exec(captured.body.toString())![1]!
  const options = { token: vector.secret, ...vector.extra } as unknown as Parameters<
    typeof wecom
  >[0]
  return [
    attack(
      'challenge',
      'WeCom decrypts a captured message as a URL check',
      () => wecom(options),
      [
        {
          wire: {
            ...captured,
            method: 'GET',
            url: `${captured.url}&echostr=${encodeURIComponent(encrypted)}`,
            body: new Uint8Array(0),
          },
          status: REJECTED,
        },
      ],
      [],
      { now: vector.now! * 1000 },
    ),
  ]
}

function ofOthers(): readonly HostileCase[] {
  const slackOf = (): ReturnType<typeof slack> => slack({ signingSecret: KEY })
  const verification = (challenge: string): Wire => {
    const body = JSON.stringify({ type: 'url_verification', challenge })
    return plain('POST', URL_OF_ALL, body, {
      'x-slack-request-timestamp': String(NOW / 1000),
      'x-slack-signature': `v0=${mac(KEY, `v0:${NOW / 1000}:${body}`)}`,
    })
  }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const checked = `ssl_check=1&command=/deploy&user_id=UADMIN`
  return [
    attack('challenge', 'Slack: a check that carries a command runs nothing', slackOf, [
      taken(plain('POST', URL_OF_ALL, checked, form)),
    ]),
    attack('challenge', 'Slack: a check of more than a kibibyte is not read', slackOf, [
      rejected(plain('POST', URL_OF_ALL, `${checked}&a=${'a'.repeat(2000)}`, form), 401),
    ]),
    attack('challenge', 'Slack: a verification without its signature', slackOf, [
      rejected(
        withHeaders(verification('a'), { 'x-slack-signature': undefined }),
        401,
        'missing_header',
      ),
    ]),
    attack('challenge', 'Slack: a signed verification under the label of a form', slackOf, [
      taken(withHeaders(verification('abc'), form)),
    ]),
    attack(
      'challenge',
      'Meta: another verify token',
      () => meta({ appSecret: KEY, verifyToken: 'right-token' }),
      [
        rejected(
          plain('GET', `${URL_OF_ALL}?hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1`),
          403,
          'wrong_verify_token',
        ),
        {
          wire: plain('GET', `${URL_OF_ALL}?hub.mode=subscribe&hub.challenge=1`),
          status: [400, 401, 403, 405],
        },
      ],
    ),
    attack('challenge', 'Zoom: an unsigned URL validation', () => zoom({ secretToken: KEY }), [
      rejected(
        plain(
          'POST',
          URL_OF_ALL,
          '{"event":"endpoint.url_validation","payload":{"plainToken":"x"}}',
        ),
        401,
      ),
    ]),
    attack(
      'challenge',
      'Dropbox: a challenge that is a page of HTML',
      () => dropbox({ appSecret: KEY }),
      [
        {
          wire: plain('GET', `${URL_OF_ALL}?challenge=%3Cscript%3Ealert(1)%3C/script%3E`),
          status: [...TAKEN, 403],
        },
      ],
    ),
    attack(
      'challenge',
      'Graph: a validation token of 100 KB',
      () => microsoftGraph({ clientState: KEY }),
      [
        {
          wire: plain('POST', `${URL_OF_ALL}?validationToken=${'a'.repeat(12_000)}`),
          status: [...TAKEN, ...REJECTED],
        },
      ],
    ),
    attack(
      'challenge',
      'Trello: a HEAD runs nothing',
      () => trello({ secret: KEY, publicUrl: URL_OF_ALL } as never),
      [taken(plain('HEAD', URL_OF_ALL))],
    ),
    attack(
      'challenge',
      'Asana: a handshake of a stranger takes no secret',
      () => asana({ secret: KEY } as never),
      [
        {
          wire: plain('POST', URL_OF_ALL, '', { 'x-hook-secret': 'mine' }),
          status: [...TAKEN, ...REJECTED],
        },
        rejected(
          plain('POST', URL_OF_ALL, '{"events":[]}', {
            'x-hook-signature': mac('mine', '{"events":[]}'),
          }),
          401,
        ),
      ],
    ),
  ]
}
