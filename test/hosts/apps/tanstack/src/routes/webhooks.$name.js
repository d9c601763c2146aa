import { createFileRoute } from '@tanstack/react-router'
import { receiverAt } from '../../receivers.mjs'

export const Route = createFileRoute('/webhooks/$name')({
  server: {
    handlers: { ANY: ({ request, params }) => receiverAt(params.name).fetch(request) },
  },
})
