/* Reads a number as arithmetic.py does; both are tested on the same lines. Returns {value} or {problem}. */
function readNumber(text) {
  var names = { inf: Infinity, infinity: Infinity, '∞': Infinity, pi: Math.PI, 'π': Math.PI, e: Math.E };
  var functions = { log: Math.log, ln: Math.log, log2: Math.log2, exp: Math.exp, sqrt: Math.sqrt };
  var s = String(text).trim().toLowerCase().replace(/[−–]/g, '-').replace(/[×·]/g, '*').replace(/\^/g, '**');
  var fractions = { '½': '1/2', '⅓': '1/3', '⅔': '2/3', '¼': '1/4', '¾': '3/4', '⅛': '1/8' };
  s = s.replace(/[½⅓⅔¼¾⅛]/g, function (sign) { return '(' + fractions[sign] + ')'; });
  s = s.replace(/\b(math|np|numpy|torch)\./g, '').replace(/float\(\s*(['\x22])([+-]?)(inf|infinity)\1\s*\)/g, '($2inf)');
  if (s.indexOf('%') >= 0) return { problem: 'Please write a percentage as a number between 0 and 1: 0.125 instead of 12.5%.' };
  if (/^[0-9.]+\s*:\s*[0-9.]+$/.test(s)) return { problem: 'These look like odds. Please give the probability: odds of a : b are a / (a + b).' };
  var token = /\s*([1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?(?![\d,_])|(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:e[+-]?\d+)?(?![\d,_])|[a-zπ∞][a-z0-9]*|\*\*|[-+*\/()])/y;
  var tokens = [], at = 0, end = s.length, found, here = 0;
  while (at !== end) {
    token.lastIndex = at;
    found = token.exec(s);
    if (!found) {
      if (/^\s*[\d.]*,/.test(s.slice(at)) || /^\s*\d/.test(s.slice(at)) && s.indexOf(',') >= 0)
        return { problem: 'I cannot read the comma. Please write a decimal point, as in 2.5; commas may only separate thousands, as in 12,345.' };
      return { problem: 'I cannot read that. Please give one number, such as 0.25, 1/4, 2**10 or inf.' };
    }
    tokens.push(found[1]);
    at = token.lastIndex;
  }
  if (tokens.length > 99) return { problem: 'Please give one number, shorter than that.' };
  var zero = false;
  function take(wanted) { if (tokens[here] !== wanted) return false; here++; return true; }
  function sum() {
    var a = product();
    for (;;) { if (take('+')) a += product(); else if (take('-')) a -= product(); else return a; }
  }
  function product() {
    var a = signed(), b;
    for (;;) { if (take('*')) a *= signed(); else if (take('/')) { b = signed(); if (b === 0) zero = true; a /= b; } else return a; }
  }
  function signed() {
    if (take('-')) return -signed();
    if (take('+')) return signed();
    var a = atom();
    return take('**') ? Math.pow(a, signed()) : a;
  }
  function atom() {
    var t = tokens[here++], a;
    if (t === undefined) return fail();
    if (/^[\d.]/.test(t)) return Number(t.replace(/[,_]/g, ''));
    if (t === '(') { a = sum(); return take(')') ? a : fail(); }
    if (functions.hasOwnProperty(t)) { if (!take('(')) return fail(parentheses(t)); a = functions[t](sum()); return take(')') ? a : fail(); }
    return names.hasOwnProperty(t) ? names[t] : fail();
  }
  function parentheses(name) {
    if (name === 'log2') return 'I cannot read that. Please write log(2) for the natural logarithm of 2, or log2(8) for a logarithm to base 2.';
    return 'I cannot read that. Functions take parentheses: please write ' + name + '(' + (tokens.slice(here, tokens[here + 1] === '/' ? here + 3 : here + 1).join('') || '2') + ').';
  }
  function fail(problem) { throw problem; }
  var value;
  try { value = sum(); if (here !== tokens.length) fail(); }
  catch (error) { return { problem: typeof error === 'string' ? error : 'I cannot read that. Please give one number, such as 0.25, 1/4, 2**10 or inf.' }; }
  if (zero) return { problem: 'That divides by zero. If you mean infinity, write inf.' };
  if (isNaN(value)) return { problem: 'That is not a real number. Please give one number, such as 0.25, 1/4, 2**10 or inf.' };
  if (!isFinite(value) && !/inf|∞/.test(s)) return { problem: 'That is too large to compute. If you mean infinity, write inf.' };
  return { value: value };
}
