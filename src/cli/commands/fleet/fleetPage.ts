/** Style of the fleet's page. States differ by lightness and by a letter, for colour-blind viewers. */
export const FLEET_STYLE = `
:root{color-scheme:dark light;--ground:#0a0e14;--panel:#10161f;--line:#212b39;--text:#e8eef6;--dim:#95a3b7;--fault:#ff8f7d;--Connected:#1d7f63;--on-Connected:#fff;--Connecting:#58b6ec;--Identifying:#d88bc4;--Resuming:#f2dd4b;--Disconnected:#f0642f;--Offline:#6f7c8f}
@media (prefers-color-scheme:light){:root{--ground:#f1f3f7;--panel:#fff;--line:#dfe4ec;--text:#17202c;--dim:#566274;--fault:#b3261e;--Connected:#9ad7bf;--on-Connected:#0a4532}}
*{box-sizing:border-box;margin:0}
body{background:var(--ground);color:var(--text);font:13px/1.45 Inter,system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',Arial,sans-serif;font-variant-numeric:tabular-nums;padding:12px 16px;display:grid;gap:12px}
h1{font-size:15px}h2{font-size:12px;color:var(--dim);margin-bottom:6px}
section{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px 12px;overflow-x:auto}
table{border-collapse:collapse;width:100%}th{color:var(--dim);font-weight:500;text-align:left}td,th{padding:4px 12px 4px 0;vertical-align:top;white-space:nowrap}
#groups-section table{width:auto}td.shards{white-space:normal;width:60%}tr.gone{color:var(--dim)}
.cell{display:inline-block;min-width:26px;text-align:center;border-radius:4px;margin:1px;padding:1px 4px;font-size:11px;background:var(--Offline);color:#04202f}
.cell[data-state=Connected]{background:var(--Connected);color:var(--on-Connected)}.cell[data-state=Connecting]{background:var(--Connecting)}.cell[data-state=Identifying]{background:var(--Identifying)}.cell[data-state=Resuming]{background:var(--Resuming)}.cell[data-state=Disconnected]{background:var(--Disconnected)}
#error{color:var(--fault)}#error:empty{display:none}
li{list-style:none;padding:2px 0}li time{color:var(--dim);margin-right:8px}ul{padding:0}
`;

/** Script of the fleet's page: asks for the status each second, and writes it with textContent alone. */
export const FLEET_SCRIPT = `
const LETTERS={Connected:'',Connecting:'C',Identifying:'I',Resuming:'R',Disconnected:'D',Offline:'O'};
const at=(id)=>document.getElementById(id);
const element=(name,text,attributes={})=>{const made=document.createElement(name);if(text!==undefined)made.textContent=text;for(const [key,value] of Object.entries(attributes))made.setAttribute(key,value);return made};
const seconds=(ms)=>(ms/1000).toFixed(1)+' s';
const age=(ms)=>ms<6e4?Math.floor(ms/1e3)+' s':ms<36e5?Math.floor(ms/6e4)+' min':(ms/36e5).toFixed(1)+' h';
function cell(shard){const state=shard.state??'no worker';const made=element('span',(LETTERS[state]??'?')+shard.id,{class:'cell','data-state':state});made.title='shard '+shard.id+': '+state+(shard.latency===null?'':', '+Math.round(shard.latency)+' ms')+(shard.sessionAge===null?'':', session of '+age(shard.sessionAge));return made}
function row(worker,shards,now){const tr=element('tr',undefined,{class:worker.state});const own=shards.filter((shard)=>shard.worker===worker.worker);
tr.append(element('th',worker.worker,{scope:'row'}),element('td',worker.state),element('td',own.length+(worker.capacity===null?'':' of '+worker.capacity)),element('td',seconds(worker.beatAgo)+' ago'),element('td',age(now-worker.since)));
const cells=element('td',undefined,{class:'shards'});cells.append(...own.map(cell));tr.append(cells);return tr}
function show({status,incidents,at:now}){
const up=status.shards.filter((shard)=>shard.state==='Connected').length;const living=status.workers.filter((worker)=>worker.state!=='gone').length;
at('summary').textContent=up+' of '+status.total+' shards up, '+living+(living===1?' worker':' workers')+(status.nextTotal===null?'':', being resharded to '+status.nextTotal);
document.title=up+'/'+status.total+' up';
const {remaining,total,waiting}=status.identifies;at('identifies').textContent=(total===null?'':remaining+' of '+total+' identifies left today')+(waiting===0?'':', '+waiting+' shards wait');
at('workers').replaceChildren(...status.workers.map((worker)=>row(worker,status.shards,now)));
const free=status.shards.filter((shard)=>shard.worker===null);at('free').hidden=free.length===0;at('free-shards').replaceChildren(...free.map(cell));
at('groups-section').hidden=status.groups.length===0;
at('groups').replaceChildren(...status.groups.map((group)=>{const tr=element('tr');tr.append(element('th',group.group,{scope:'row'}),element('td',group.lag===null?'unknown':group.lag),element('td',group.pending));return tr}));
at('incidents').replaceChildren(...incidents.map(({at:when,text})=>{const li=element('li');li.append(element('time',new Date(when).toLocaleTimeString()),text);return li}));
}
async function ask(){try{const response=await fetch('status.json');const answer=await response.json();if(!response.ok)throw new Error(answer.error);show(answer);at('error').textContent=''}catch(error){at('error').textContent='No status: '+error.message}setTimeout(ask,1000)}
ask();
`;

/** The page of a fleet: workers with their shards, consumers, incidents. */
export const FLEET_PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>fleet</title><link rel="stylesheet" href="fleet.css"></head>
<body><header><h1 id="summary">asking for the fleet</h1><p id="identifies"></p><p id="error" role="alert"></p></header>
<section><h2>Workers</h2><table><thead><tr><th>worker<th>state<th>shards<th>last beat<th>joined<th>its shards</thead><tbody id="workers"></tbody></table></section>
<section id="free" hidden><h2>Shards without a worker</h2><p id="free-shards"></p></section>
<section id="groups-section" hidden><h2>Consumers</h2><table><thead><tr><th>group<th>events behind<th>not acknowledged</thead><tbody id="groups"></tbody></table></section>
<section><h2>Incidents</h2><ul id="incidents" aria-live="polite"></ul></section>
<script src="fleet.js"></script></body></html>
`;
