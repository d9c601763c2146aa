import { receiverAt } from '../../../../receivers.mjs'

export const fallback = ({ request, params }) => receiverAt(params.name).fetch(request)
