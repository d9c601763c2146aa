import { receiverAt } from '../../receivers.mjs'

const take = ({ request, params }) => receiverAt(params.name).fetch(request)
export { take as action, take as loader }
