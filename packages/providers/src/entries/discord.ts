import { RETRY_SPAN, discord } from '../discord.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Discord in the catalogue. */
export const discordEntry: CatalogueEntry = {
  name: 'discord',
  title: 'Discord',
  docs: 'https://docs.discord.com/developers/interactions/overview',
  create: discord,
  secretOption: 'publicKey',
  options: {
    publicKey: "The application's public key, 64 hex digits.",
    tolerance: 'Seconds the signed time may be away from now. Default 900.',
  },
  topics: ['APPLICATION_COMMAND.deploy', 'MESSAGE_COMPONENT.button', 'APPLICATION_AUTHORIZED'],
  handshakes: ['interaction PING', 'event PING'],
  contentTypes: [JSON_TYPE],
  retrySpan: RETRY_SPAN,
  canSign: true,
}
