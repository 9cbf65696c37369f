-- The logins of web process and worker for compose.yaml: made once, given their passwords each time.
\getenv web_password PRICING_WEB_PASSWORD
\getenv worker_password PRICING_WORKER_PASSWORD
select format('create role %I login in role %I', role || '_login', role)
from unnest(array['pricing_web', 'pricing_worker']) as role
where not exists (select from pg_catalog.pg_roles r where r.rolname = role || '_login')
\gexec
alter role pricing_web_login password :'web_password';
alter role pricing_worker_login password :'worker_password';
alter role pricing_worker_login set search_path = procrastinate, pg_temp;
