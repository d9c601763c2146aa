import { dockerHub } from '../docker-hub.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Docker Hub in the catalogue. */
export const dockerHubEntry: CatalogueEntry = {
  name: 'docker-hub',
  title: 'Docker Hub',
  docs: 'https://docs.docker.com/docker-hub/repos/manage/webhooks/',
  create: dockerHub,
  secretOption: 'secret',
  options: {
    secret: 'A secret of your own in the URL.',
    queryKey: 'The query parameter that carries it. Default secret.',
    unauthenticated: 'Takes deliveries from anybody. Default false.',
  },
  topics: ['push'],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  canSign: true,
}
