// Registrars that need no tests in addition to contract.ts.
import { adyenRegistrar } from '../src/adyen.ts'
import { asanaRegistrar } from '../src/asana.ts'
import { chargebeeRegistrar } from '../src/chargebee.ts'
import { contentfulRegistrar } from '../src/contentful.ts'
import { discordRegistrar } from '../src/discord.ts'
import { docusignRegistrar } from '../src/docusign.ts'
import { figmaRegistrar } from '../src/figma.ts'
import { hubspotRegistrar } from '../src/hubspot.ts'
import { lineRegistrar } from '../src/line.ts'
import { linearRegistrar } from '../src/linear.ts'
import { paddleRegistrar } from '../src/paddle.ts'
import { polarRegistrar } from '../src/polar.ts'
import { squareRegistrar } from '../src/square.ts'
import { svixRegistrar } from '../src/svix.ts'
import { testRegistrar } from './contract.ts'
import { ADYEN_KEY, startAdyen } from './fakes/adyen.ts'
import { ASANA_TOKEN, startAsana } from './fakes/asana.ts'
import { CHARGEBEE_KEY, startChargebee } from './fakes/chargebee.ts'
import { CONTENTFUL_TOKEN, startContentful } from './fakes/contentful.ts'
import { DISCORD_TOKEN, startDiscord } from './fakes/discord.ts'
import { DOCUSIGN_TOKEN, startDocusign } from './fakes/docusign.ts'
import { FIGMA_TOKEN, startFigma } from './fakes/figma.ts'
import { HUBSPOT_KEY, startHubspot } from './fakes/hubspot.ts'
import { LINEAR_TOKEN, startLinear } from './fakes/linear.ts'
import { LINE_TOKEN, startLine } from './fakes/line.ts'
import { PADDLE_KEY, startPaddle } from './fakes/paddle.ts'
import { POLAR_TOKEN, startPolar } from './fakes/polar.ts'
import { SQUARE_TOKEN, startSquare } from './fakes/square.ts'
import { SVIX_TOKEN, startSvix } from './fakes/svix.ts'
import { another, member, off } from './fakes/rows.ts'

testRegistrar('Adyen', {
  start: () => startAdyen(),
  make: (options, key) => adyenRegistrar({ ...options, api: options.api!, key, merchant: 'Octo' }),
  token: ADYEN_KEY,
  more: another(),
  patterns: ['AUTHORISATION', 'CAPTURE'],
  topics: ['AUTHORISATION', 'CAPTURE'],
  others: ['AUTHORISATION', 'REFUND'],
  apply: { onSecret: () => {} },
  disable: off({ active: false }),
  secretOf: (fake, id) => fake.secrets.get(id),
  rotatedBy: 'sender',
})

testRegistrar('Asana', {
  start: () => startAsana(),
  make: (options, token) => asanaRegistrar({ ...options, token, workspace: '12', resource: '34' }),
  token: ASANA_TOKEN,
  more: another('gid'),
  patterns: ['task.added', 'story.*'],
  topics: ['story.*', 'task.added'],
  others: ['task.added', 'task.changed'],
  fail(fake, id) {
    off({ last_failure_at: '2026-01-01T00:00:00Z', last_failure_content: '500' })(fake, id)
    return { at: Date.parse('2026-01-01T00:00:00Z'), reason: '500' }
  },
})

testRegistrar('Chargebee', {
  start: () => startChargebee(),
  make: (options, key) => chargebeeRegistrar({ ...options, key, site: 'octo-test' }),
  token: CHARGEBEE_KEY,
  more: another(),
  patterns: ['subscription_created', 'invoice_generated'],
  topics: ['invoice_generated', 'subscription_created'],
  others: ['subscription_created', 'customer_created'],
  apply: { secret: 'postern:a-secret-of-the-receiver' },
  disable: off({ disabled: true }),
  secretOf: (fake, id) =>
    ['username', 'password'].map((part) => member(`basic_auth_${part}`)(fake, id)).join(':'),
})

testRegistrar('Contentful', {
  start: () => startContentful(),
  make: (options, token) => contentfulRegistrar({ ...options, token, space: 'octo' }),
  token: CONTENTFUL_TOKEN,
  more: (fake, at) => fake.rows.push({ ...fake.rows[0], sys: { id: `more-${at}`, version: 0 } }),
  patterns: ['ContentManagement.Entry.publish', 'Asset.*'],
  topics: ['Asset.*', 'Entry.publish'],
  others: ['Entry.publish', 'Entry.unpublish'],
  disable: off({ active: false }),
  fail: () => ({ at: Date.parse('2026-01-01T00:00:01Z'), status: 500 }),
})

testRegistrar('Discord', {
  start: () => startDiscord(),
  make: (options, token) => discordRegistrar({ ...options, token }),
  token: DISCORD_TOKEN,
  patterns: ['ENTITLEMENT_CREATE', 'APPLICATION_AUTHORIZED'],
  topics: ['APPLICATION_AUTHORIZED', 'ENTITLEMENT_CREATE'],
  others: ['ENTITLEMENT_DELETE'],
  single: true,
  lacks: ['foreign'],
  disable: (fake) => Object.assign(fake.application(), { event_webhooks_status: 3 }),
})

testRegistrar('Docusign', {
  start: () => startDocusign(),
  make: (options, token) =>
    docusignRegistrar({ ...options, api: options.api!, token, accountId: '1234' }),
  token: DOCUSIGN_TOKEN,
  patterns: ['envelope-completed', 'recipient-signed'],
  topics: ['envelope-completed', 'recipient-signed'],
  others: ['envelope-completed', 'envelope-voided'],
  disable: off({ allowEnvelopePublish: 'false' }),
})

testRegistrar('Figma', {
  start: () => startFigma(),
  make: (options, token) =>
    figmaRegistrar({ ...options, token, context: 'team', contextId: '123456' }),
  token: FIGMA_TOKEN,
  patterns: ['FILE_UPDATE', 'LIBRARY_PUBLISH'],
  topics: ['FILE_UPDATE', 'LIBRARY_PUBLISH'],
  others: ['FILE_UPDATE', 'FILE_COMMENT'],
  apply: { secret: 'a-secret-of-the-receiver-0123456789' },
  disable: off({ status: 'PAUSED' }),
  secretOf: member('passcode'),
})

testRegistrar('Hubspot', {
  start: () => startHubspot(),
  make: (options, developerKey) =>
    hubspotRegistrar({
      ...options,
      developerKey,
      appId: '123',
      properties: { contact: ['email', 'phone'] },
    }),
  token: HUBSPOT_KEY,
  patterns: ['contact.creation', 'contact.propertyChange'],
  topics: ['contact.creation', 'contact.propertyChange/email', 'contact.propertyChange/phone'],
  others: ['contact.creation', 'deal.creation'],
  lacks: ['foreign'],
  disable: off({ active: false }),
})

testRegistrar('Line', {
  start: () => startLine(),
  make: (options, token) => lineRegistrar({ ...options, token }),
  token: LINE_TOKEN,
  patterns: ['message.text', 'follow'],
  topics: ['follow', 'message.text'],
  others: ['follow'],
  fail(fake) {
    fake.state.status = 500
    return { at: Date.parse('2026-01-01T00:00:00Z'), status: 500, reason: 'ERROR_STATUS_CODE: 500' }
  },
  single: true,
  lacks: ['foreign', 'topics', 'remove'],
})

testRegistrar('Linear', {
  start: () => startLinear(),
  make: (options, token) => linearRegistrar({ ...options, token }),
  token: LINEAR_TOKEN,
  more: another(),
  patterns: ['Issue.create', 'Comment'],
  topics: ['Comment', 'Issue'],
  others: ['Issue', 'Project'],
  apply: { onSecret: () => {} },
  limited: (seconds) => ({
    status: 400,
    headers: { 'retry-after': String(seconds) },
    json: { errors: [{ message: 'Rate limit exceeded', extensions: { type: 'ratelimited' } }] },
  }),
  disable: off({ enabled: false }),
  shownSecret: member('secret'),
  secretOf: member('secret'),
  rotatedBy: 'sender',
  fail(fake, id) {
    const failures = member('failures')(fake, id) as object[]
    failures.push({ createdAt: '2026-01-01T00:00:00Z', httpStatus: 502 })
    return { at: Date.parse('2026-01-01T00:00:00Z'), status: 502 }
  },
})

testRegistrar('Paddle', {
  start: () => startPaddle(),
  make: (options, key) => paddleRegistrar({ ...options, key }),
  token: PADDLE_KEY,
  more: another(),
  patterns: ['transaction.paid', 'payout.*'],
  topics: ['payout.created', 'payout.paid', 'transaction.paid'],
  others: ['transaction.paid', 'transaction.billed'],
  apply: { onSecret: () => {} },
  shownSecret: member('endpoint_secret_key'),
  disable: off({ active: false }),
})

testRegistrar('Polar', {
  start: () => startPolar(),
  make: (options, token) => polarRegistrar({ ...options, token }),
  token: POLAR_TOKEN,
  more: another(),
  patterns: ['order.paid', 'refund.*'],
  topics: ['order.paid', 'refund.created', 'refund.updated'],
  others: ['order.paid', 'order.refunded'],
  apply: { onSecret: () => {} },
  disable: off({ enabled: false }),
  shownSecret: member('secret'),
  secretOf: member('secret'),
  rotatedBy: 'sender',
})

testRegistrar('Square', {
  start: () => startSquare(),
  make: (options, token) => squareRegistrar({ ...options, token }),
  token: SQUARE_TOKEN,
  more: another(),
  patterns: ['payment.created', 'oauth.authorization.revoked'],
  topics: ['oauth.authorization.revoked', 'payment.created'],
  others: ['payment.created', 'payment.updated'],
  apply: { onSecret: () => {} },
  disable: off({ enabled: false }),
  shownSecret: member('signature_key'),
  secretOf: member('signature_key'),
  rotatedBy: 'sender',
})

testRegistrar('Svix', {
  start: () => startSvix(),
  make: (options, token) => svixRegistrar({ ...options, token, application: 'app_octo' }),
  token: SVIX_TOKEN,
  more: another(),
  patterns: ['order.created', 'order.paid'],
  topics: ['order.created', 'order.paid'],
  others: ['order.paid', 'order.sent'],
  apply: { onSecret: () => {} },
  disable: off({ disabled: true }),
  shownSecret: (fake, id) => fake.secret(id),
  secretOf: (fake, id) => fake.secret(id),
})
