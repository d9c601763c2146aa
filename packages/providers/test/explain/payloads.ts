/** JSON texts with parts that software often changes when it writes JSON again. A writer then formats each text. */
export const PAYLOADS: Readonly<Record<string, string>> = {
  plain: '{"zebra":"z","id":"evt_1","type":"invoice.paid","event":"a.b","ok":true,"none":null}',
  unicode: '{"name":"Grüße aus Łódź – 東京","type":"t","id":"1","city":"Ærø","z":"ÿ"}',
  emoji: '{"type":"t","text":"tea 🍵 family 👩‍👩‍👧 flag 🇵🇱","id":"x","a":[ "💡" ]}',
  html: '{"type":"page","html":"<a href=\\"/x?a=1&b=2\\">it\'s</a> + `q` = 3","id":"2"}',
  slashes:
    '{"type":"u","url":"https://example.com/a/b?c=d&e=f#g","path":"C:\\\\dir\\\\file","id":"3"}',
  controls:
    '{"type":"c","text":"line\\nnext\\ttab\\r\\u0001\\u001f\\b\\f\\u007f","sep":"\\u2028\\u2029","id":"4"}',
  money: '{"type":"m","amount":1099,"rate":0.25,"id":"5","tax":19.5,"neg":-3,"list":[1,2,3.75]}',
  whole: '{"type":"w","price":10.0,"count":3,"id":"6","ratio":0.50}',
  big: '{"type":"b","id":12345678901234567890,"n":9007199254740993,"text":"é"}',
  exponent: '{"type":"e","small":1e-7,"large":1.5E10,"id":"7","text":"ü"}',
  nested:
    '{"type":"n","data":{"list":[[1,[2,[]]],{},{"a":{"b":[{"c":null}]}}],"id":"8","a":[]},"b":false}',
  empties: '{"type":"x","data":{},"list":[],"id":"9","more":[{}],"note":"a/b"}',
  integers: '{"type":"k","items":{"b":1,"10":"ten","2":"two","a":0},"id":"10"}',
  duplicates: '{"type":"d","a":1,"b":2,"a":3,"id":"11","text":"ß"}',
  array: '[{"type":"l","id":"12","eventId":1,"note":"é/<b>"},{"type":"l","id":"13"}]',
  quotes: '{"type":"q","text":"she said \\"hi\\" \\\\ bye","json":"{\\"a\\":[1, 2]}","id":"14"}',
  spaces: '{"type":"s","text":"  two  spaces, colon: comma , {x} [y]  ","id":"15"}',
}

/** Forms as senders write them. */
export const FORM_BODIES: Readonly<Record<string, string>> = {
  plus: 'token=x1&text=hello+big+world&channel_name=general&user=J%C3%BCrgen',
  percent: 'text=hello%20big%20world&list=a&list=b&list=c&empty=&star=%2A',
  lower: 'url=https%3a%2f%2fexample.com%2fa%3fb%3dc&tilde=~&q=it%27s',
  payload: 'payload=%7B%22a%22%3A%22b+c%22%2C%22type%22%3A%22t%22%7D',
}

export const XML_BODY =
  '<?xml version="1.0" encoding="UTF-8"?>\n<note kind="a">\n  <to>Grüße &amp; Küsse</to>\n</note>\n'
