import { discordRegistrar } from '../src/discord.ts'
import { testRegistrar } from './contract.ts'
import { DISCORD_TOKEN, startDiscord } from './fakes/discord.ts'

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
