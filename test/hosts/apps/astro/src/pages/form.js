export const POST = () => new Response('taken')
