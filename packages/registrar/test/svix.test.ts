import { svixRegistrar } from '../src/svix.ts'
import { testRegistrar } from './contract.ts'
import { SVIX_TOKEN, startSvix } from './fakes/svix.ts'

testRegistrar('Svix', {
  start: () => startSvix(),
  make: (options, token) => svixRegistrar({ ...options, token, application: 'app_octo' }),
  token: SVIX_TOKEN,
  more: (fake, at) => fake.rows.push({ ...fake.rows[0], id: `more-${at}` }),
  url: 'https://app.example/svix',
  old: 'https://old.example/svix',
  patterns: ['order.created', 'order.paid'],
  topics: ['order.created', 'order.paid'],
  others: ['order.paid', 'order.sent'],
  apply: { onSecret: () => {} },
  disable: (fake, id) =>
    Object.assign(
      fake.rows.find((each) => each.id === id),
      { disabled: true },
    ),
  shownSecret: (fake, id) => fake.secret(id),
  secretOf: (fake, id) => fake.secret(id),
})
